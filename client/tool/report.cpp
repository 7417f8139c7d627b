#include "report.hpp"

#include <cstdio>
#include <kvstore/error.hpp>
#include <sstream>

#include "errors.hpp"

namespace kv {

namespace {

// "ERROR:  there is no ..", in whatever language the server speaks.
std::string without_severity(const std::string &line) {
    const std::size_t end = line.find(":  ");
    return end == std::string::npos ? line : line.substr(end + 3);
}

}  // namespace

void complain(const std::string &message) {
    std::fflush(stdout);
    std::fprintf(stderr, "kv: %s\n", message.c_str());
}

// A statement of the tool means nothing to its user, so the line that quotes it is left out, with
// the one that points into it.
std::string describe(const std::string &server_message, const std::string &sqlstate) {
    std::istringstream lines(server_message);
    std::string line, described;
    std::getline(lines, line);
    described = sqlstate + ": " + without_severity(line);
    while (std::getline(lines, line)) {
        if (line.starts_with("LINE "))
            std::getline(lines, line);
        else
            described += "\n" + line;
    }
    const bool is_undefined = sqlstate == "42883" || sqlstate == "42704";  // a function, a type
    if (is_undefined && server_message.find(".kv_") != std::string::npos)
        described += "\nHINT:  The extension is not in this schema, or older than this kv.";
    return described;
}

status report_errors(const std::function<status()> &what) try {
    return what();
} catch (const kvstore::sql_error &problem) {
    complain(describe(problem.what(), problem.sqlstate()));
    return failed;
} catch (const kvstore::timeout_error &problem) {
    complain(describe(problem.what(), "57014"));
    return failed;
} catch (const std::exception &problem) {
    complain(problem.what());
    return failed;
}

}  // namespace kv
