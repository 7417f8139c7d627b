#include "transfer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>

#include "errors.hpp"
#include "interrupt.hpp"
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

// For the progress alone: exact enough, and known at once. Not everybody may know it.
std::int64_t estimated_entries(connection &on, const store_table &table) try {
    if (!progress::is_seen())
        return 0;
    const result answer =
        on.query("SELECT entries_estimated FROM " + on.in_extension("kv_stats") +
                     " WHERE store OPERATOR(pg_catalog.=) $1::pg_catalog.regclass",
                 {{table.name}});
    return PQntuples(answer.get()) == 1 ? std::atoll(PQgetvalue(answer.get(), 0, 0)) : 0;
} catch (const kvstore::sql_error &) {
    return 0;
}

void require_written(const std::ostream &to) {
    if (!to)
        throw input_error(std::string("cannot write the entries: ") + std::strerror(errno));
}

void write_lines(context &in, const store_table &table, const selection &which, std::ostream &to) {
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

// A file with all of the export, or as it was before: what is written goes to a file beside it,
// which then takes its place. What is no file of its own (a device, a link) is written as it is,
// and so is one in a folder where there cannot be another.
class export_file {
  public:
    explicit export_file(const std::string &name) : name_(name) {
        std::error_code none;
        const std::filesystem::file_status present = std::filesystem::symlink_status(name, none);
        const bool is_writable = is_regular_file(present) && access(name.c_str(), W_OK) == 0;
        if (!exists(present) || is_writable)
            create_beside(present);
        to_.open(beside_.empty() ? name_ : beside_, std::ios::binary);
        require(to_, "cannot write", name_);
    }
    ~export_file() {
        if (!beside_.empty())
            remove_beside();
        before_ending(nullptr);
    }
    export_file(const export_file &) = delete;
    export_file &operator=(const export_file &) = delete;

    std::ostream &stream() { return to_; }

    void finish() {
        to_.close();
        require(to_, "cannot write", name_);
        if (beside_.empty())
            return;
        if (std::rename(beside_.c_str(), name_.c_str()) != 0)
            throw input_error("cannot write " + name_ + ": " + std::strerror(errno));
        beside_.clear();
    }

  private:
    void create_beside(const std::filesystem::file_status &present) {
        const std::string name = name_ + ".kv-" + std::to_string(getpid());
        const int created = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (created < 0)
            return;
        if (is_regular_file(present))
            fchmod(created, static_cast<mode_t>(present.permissions()));
        close(created);
        beside_ = name;
        before_ending(remove_beside);
    }

    static void remove_beside() { unlink(beside_.c_str()); }

    const std::string name_;
    static inline std::string beside_;  // its name; empty: there is none. For the signals' handler
    std::ofstream to_;
};

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

    // In the order of the lines, of which those before a bad one are stored in any case.
    void store_batch() {
        keys_.clear();
        store(batch_);
        batch_.clear();
        batch_bytes_ = 0;
    }

    std::int64_t stored() const { return stored_; }
    bool has_rejected() const { return has_rejected_; }

  private:
    // By the order of the keys, so that two imports at once do not lock each other out; of a key
    // that occurs twice, the last.
    using entries_by_key = std::map<std::string_view, const entry *>;

    // If the server refuses them, then in halves, down to the line that it refuses.
    void store(std::span<const numbered_entry> lines) {
        if (lines.empty())
            return;
        entries_by_key entries;
        for (const numbered_entry &each : lines)
            entries.insert_or_assign(each.what.key, &each.what);
        try {
            write(entries);
        } catch (const kvstore::sql_error &problem) {
            if (!is_about_an_entry(problem, lines.size() == batch_.size()))
                throw;
            const std::size_t half = lines.size() / 2;
            if (half == 0)
                return reject(lines.front().line, describe(problem.what(), problem.sqlstate()));
            store(lines.first(half));
            return store(lines.subspan(half));
        }
        for (const auto &[key, each] : entries)
            stored_ += keys_.insert(key).second ? 1 : 0;
    }

    void write(const entries_by_key &entries) {
        std::vector<const entry *> plain;
        plain.reserve(entries.size());
        for (const auto &[key, each] : entries)
            plain.push_back(each);
        on_.notice_end();  // while the lines were awaited
        write_entries(on_, to_, plain);
    }

    // Whatever a constraint, a trigger, a policy or a limit says. Not so if the server was told to
    // stop, or lacks something, or (of a whole batch) refuses to store nothing at all as well.
    bool is_about_an_entry(const kvstore::sql_error &problem, bool of_all) {
        const std::string error_class = problem.sqlstate().substr(0, 2);
        if (error_class == "53" || error_class == "57" || error_class == "58")
            return false;
        if (of_all)
            write({});
        return true;
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
    std::set<std::string_view> keys_;  // which of the batch are stored
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
    const store_table table = find_store(in.on, in.store);
    if (given.file == "-") {
        write_lines(in, table, which, std::cout);
        return found;
    }
    export_file file(given.file);
    write_lines(in, table, which, file.stream());
    file.finish();
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
