// What people are shown, without a server.
#include <gtest/gtest.h>

#include <cmath>

#include "output.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "statistics.hpp"

namespace {

using namespace kv;

TEST(Size, IsShort) {
    EXPECT_EQ(format_size(0), "0 B");
    EXPECT_EQ(format_size(1023), "1023 B");
    EXPECT_EQ(format_size(1536), "1.5 kB");
    EXPECT_EQ(format_size(20.0 * 1024 * 1024), "20 MB");
    EXPECT_EQ(format_size(5e15), "4547 TB");
    EXPECT_EQ(format_size(std::nan("")), "-");
}

TEST(Progress, ShowsWhatIsKnown) {
    EXPECT_EQ(progress_line("import", 7, 0, 0), "import  7 entries");
    EXPECT_EQ(progress_line("import", 7, 1, 2),
              "import [####################                    ]  50 %  7 entries");
    EXPECT_EQ(progress_line("export", 9, 9, 8),
              "export [########################################] 100 %  9 entries");
}

TEST(Error, IsOneLineWithDetailAndHint) {
    EXPECT_EQ(describe("ERROR:  no such store\nDETAIL:  d\nHINT:  h\n", "42809"),
              "42809: no such store\nDETAIL:  d\nHINT:  h");
    EXPECT_EQ(describe("FEHLER:  nicht: da\nLINE 1: SELECT x\n               ^\nHINT:  h", "42P01"),
              "42P01: nicht: da\nHINT:  h");
    EXPECT_NE(describe("ERROR:  function app.kv_get(unknown) does not exist", "42883").find("HINT"),
              std::string::npos);
}

TEST(Watch, ShowsRatesAndNoNumbersThatAreNotThere) {
    const look before{{"s", {{"store", "s"}, {"hits", "10"}, {"misses", "10"}, {"sets", "5"}}}};
    const look now{{"new", {{"store", "new"}}},
                   {"s",
                    {{"store", "s"},
                     {"entries_estimated", "3"},
                     {"table_bytes", "1024"},
                     {"index_bytes", "1024"},
                     {"toast_bytes", "0"},
                     {"max_size", "1 MB"},
                     {"hits", "40"},
                     {"misses", "20"},
                     {"sets", "1"}}}};
    const std::string table = watch_table(now, before, 2);
    std::istringstream lines(table);
    std::string titles, new_store, s;
    std::getline(lines, titles);
    std::getline(lines, new_store);
    std::getline(lines, s);
    EXPECT_EQ(titles.find("STORE"), 0U);
    const auto words = [](const std::string &line) {
        std::istringstream in(line);
        return std::vector<std::string>{std::istream_iterator<std::string>(in), {}};
    };
    using list = std::vector<std::string>;
    EXPECT_EQ(words(new_store), (list{"new", "-", "-", "-", "-", "-", "-", "-", "-", "-"}));
    EXPECT_EQ(words(s),
              (list{"s", "3", "2.0", "kB", "1", "MB", "66.7", "%", "20", "-", "-", "-", "-"}));
    EXPECT_EQ(titles.size(), s.size());
}

TEST(Json, KeepsBytesAndAbsence) {
    EXPECT_EQ(json_of("k", "v"), R"({"key":"k","value":"v"})");
    EXPECT_EQ(json_of("k", "\xff"), R"({"key":"k","value_base64":"/w=="})");
    EXPECT_EQ(json_of("k", std::nullopt), R"({"key":"k","value":null})");
}

}  // namespace
