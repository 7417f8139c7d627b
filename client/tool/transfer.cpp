#include "transfer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <tuple>

#include "errors.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "store_table.hpp"

namespace kv {

namespace {

template <class Stream>
void require(const Stream &stream, const char *what, const std::string &file) {
    if (!stream)
        throw input_error(std::string(what) + " " + file + ": " + std::strerror(errno));
}

// --- Export ------------------------------------------------------------------------------------

// For the progress alone: exact enough, and known at once.
std::int64_t estimated_entries(connection &on, const store_table &table) {
    const result answer =
        on.query("SELECT entries_estimated FROM " + on.in_extension("kv_stats") +
                     " WHERE store OPERATOR(pg_catalog.=) $1::pg_catalog.regclass",
                 {{table.name}});
    return PQntuples(answer.get()) == 1 ? std::atoll(PQgetvalue(answer.get(), 0, 0)) : 0;
}

void require_written(const std::ostream &to) {
    if (!to)
        throw input_error(std::string("cannot write the entries: ") + std::strerror(errno));
}

void write_lines(context &in, const selection &which, std::ostream &to) {
    const store_table table = find_store(in.on, in.store);
    progress bar("export", which.prefix.empty() ? estimated_entries(in.on, table) : 0);
    std::int64_t written = 0;
    read_entries(in.on, table, which, [&](const entry &each) {
        to << format_entry(each) << '\n';
        require_written(to);
        written++;
        bar.show(written, written);
    });
    to.flush();  // the rest, which nothing has refused yet
    require_written(to);
}

// --- Import ------------------------------------------------------------------------------------

struct numbered_entry {
    entry what;
    std::int64_t line;
};

// Collects entries, and stores them in batches.
class importer {
  public:
    importer(connection &on, store_table to, bool go_on)
        : on_(on), to_(std::move(to)), go_on_(go_on) {}

    void add(std::string_view text, std::int64_t line) {
        try {
            batch_.push_back({parse_entry(text), line});
        } catch (const input_error &problem) {
            if (!go_on_)
                store_batch();
            return reject(line, problem.what());
        }
        batch_bytes_ += text.size();
        constexpr std::size_t max_entries = 1000, max_bytes = 1 << 20;
        if (batch_.size() >= max_entries || batch_bytes_ >= max_bytes)
            store_batch();
    }

    void store_batch() {
        keep_last_of_each_key();
        store(batch_);
        batch_.clear();
        batch_bytes_ = 0;
    }

    std::int64_t stored() const { return stored_; }
    bool has_rejected() const { return has_rejected_; }

  private:
    // In the order of the keys, so that two imports at once do not lock each other out.
    void keep_last_of_each_key() {
        std::ranges::sort(batch_, {}, [](const numbered_entry &each) {
            return std::tuple<const std::string &, std::int64_t>(each.what.key, -each.line);
        });
        const auto same_key = [](const numbered_entry &a, const numbered_entry &b) {
            return a.what.key == b.what.key;
        };
        batch_.erase(std::unique(batch_.begin(), batch_.end(), same_key), batch_.end());
    }

    // If the server refuses them, then in halves, down to the line that it refuses.
    void store(std::span<const numbered_entry> entries) {
        if (entries.empty())
            return;
        try {
            write(entries);
            stored_ += static_cast<std::int64_t>(entries.size());
        } catch (const kvstore::sql_error &problem) {
            if (!is_about_an_entry(problem))
                throw;
            const std::size_t half = entries.size() / 2;
            if (half == 0)
                return reject(entries.front().line, describe(problem.what(), problem.sqlstate()));
            store(entries.first(half));
            store(entries.subspan(half));
        }
    }

    void write(std::span<const numbered_entry> entries) {
        std::vector<const entry *> plain;
        plain.reserve(entries.size());
        for (const numbered_entry &each : entries)
            plain.push_back(&each.what);
        on_.notice_end();  // while the lines were awaited
        write_entries(on_, to_, plain);
    }

    // Data exceptions, violated constraints, limits, and what triggers raise.
    static bool is_about_an_entry(const kvstore::sql_error &problem) {
        const std::string error_class = problem.sqlstate().substr(0, 2);
        return error_class == "22" || error_class == "23" || error_class == "54" ||
               error_class == "P0";
    }

    void reject(std::int64_t line, const std::string &why) {
        const std::string message = "line " + std::to_string(line) + ": " + why;
        if (!go_on_)
            throw input_error(message + "\nStopped; " + std::to_string(stored_) +
                              " entries are stored.");
        complain(message);
        has_rejected_ = true;
    }

    connection &on_;
    const store_table to_;
    const bool go_on_;
    std::vector<numbered_entry> batch_;
    std::size_t batch_bytes_ = 0;
    std::int64_t stored_ = 0;
    bool has_rejected_ = false;
};

// Of what is not a file the size is not known.
std::int64_t size_of(const std::string &file) {
    std::error_code none;
    const std::uintmax_t size = std::filesystem::file_size(file, none);
    return none ? 0 : static_cast<std::int64_t>(size);
}

status read_lines(context &in, bool go_on, std::istream &from, std::int64_t size) {
    importer into(in.on, find_store(in.on, in.store), go_on);
    std::int64_t line = 0, bytes = 0;
    {
        progress bar("import", size);
        for (std::string text; std::getline(from, text);) {
            line++;
            bytes += static_cast<std::int64_t>(text.size()) + 1;
            if (text.find_first_not_of(" \t\r") != text.npos)
                into.add(text, line);
            bar.show(into.stored(), bytes);
        }
        into.store_batch();
    }
    if (from.bad())
        throw input_error(std::string("cannot read the entries: ") + std::strerror(errno));
    in.out.number(into.stored());
    return into.has_rejected() ? failed : found;
}

}  // namespace

status export_entries(context &in, const arguments &given) {
    const selection which{.prefix = given.prefix};
    if (given.file == "-") {
        write_lines(in, which, std::cout);
        return found;
    }
    std::ofstream file(given.file, std::ios::binary);
    require(file, "cannot write", given.file);
    write_lines(in, which, file);
    file.close();
    require(file, "cannot write", given.file);
    return found;
}

status import_entries(context &in, const arguments &given) {
    if (given.file != "-") {
        std::ifstream file(given.file, std::ios::binary);
        require(file, "cannot read", given.file);
        return read_lines(in, given.go_on, file, size_of(given.file));
    }
    if (in.in_shell)
        throw input_error("entries cannot come from standard input here");
    return read_lines(in, given.go_on, std::cin, 0);
}

}  // namespace kv
