#include "statistics.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "array_writer.hpp"
#include "report.hpp"
#include "store_table.hpp"
#include "times.hpp"

namespace kv {

namespace {

// The columns that the view has in this version. Times are written as everywhere, and not in the
// session's DateStyle and TimeZone; how long something took is a number of seconds.
std::string columns_of(connection &on, const std::string &view) {
    constexpr Oid interval_oid = 1186;
    const result none = on.query("SELECT * FROM " + view + " LIMIT 0");
    std::string columns;
    for (int column = 0; column < PQnfields(none.get()); column++) {
        const std::string name = on.quote_name(PQfname(none.get(), column));
        const Oid type = PQftype(none.get(), column);
        columns += column > 0 ? ", " : "";
        if (type == timestamptz_oid)
            columns.append(formatted_in_sql(name)).append(" AS ");
        else if (type == interval_oid)
            columns.append("pg_catalog.extract('epoch'::pg_catalog.text, ")
                .append(name)
                .append(") AS ");
        columns += name;
    }
    return columns;
}

result read_statistics(connection &on, const std::optional<std::string> &only = {}) {
    const std::string view = on.in_extension("kv_stats");
    const std::string all = "SELECT " + columns_of(on, view) + " FROM " + view;
    if (!only)
        return on.query(all + " ORDER BY store::pg_catalog.text");
    return on.query(all + " WHERE store OPERATOR(pg_catalog.=) $1::pg_catalog.regclass", {{*only}});
}

// --- Rows as JSON and as text ------------------------------------------------------------------

nlohmann::json field_as_json(const PGresult *rows, int row, int column) {
    constexpr Oid int8_oid = 20, int4_oid = 23, numeric_oid = 1700;
    if (PQgetisnull(rows, row, column))
        return nullptr;
    const char *text = PQgetvalue(rows, row, column);
    const Oid type = PQftype(rows, column);
    if (type == int8_oid || type == int4_oid)
        return std::strtoll(text, nullptr, 10);
    if (type == numeric_oid)
        return std::strtod(text, nullptr);
    return text;
}

std::string row_as_json(const PGresult *rows, int row) {
    nlohmann::ordered_json object;
    for (int column = 0; column < PQnfields(rows); column++)
        object[PQfname(rows, column)] = field_as_json(rows, row, column);
    return object.dump();
}

std::string row_as_text(const PGresult *rows, int row, bool on_terminal) {
    constexpr std::size_t width = 20;
    const auto field = [&](int column) {
        const std::string text = PQgetvalue(rows, row, column);
        return on_terminal ? visible(text) : text;
    };
    std::string text;
    for (int column = 0; column < PQnfields(rows); column++) {
        std::string name = std::string(PQfname(rows, column)) + ":";
        name.resize(std::max(width, name.size() + 1), ' ');
        text += name + (PQgetisnull(rows, row, column) != 0 ? "-" : field(column)) + "\n";
    }
    return text;
}

// Why there are no counters, if a store has none.
std::string note_on(const PGresult *rows) {
    const int counter = PQfnumber(rows, "hits");
    for (int row = 0; row < PQntuples(rows); row++)
        if (counter >= 0 && PQgetisnull(rows, row, counter))
            return "no counters: before PostgreSQL 17 a server counts only with\n"
                   "shared_preload_libraries = 'kvstore', and any server 512 stores at most.";
    return "";
}

// --- Watching ----------------------------------------------------------------------------------

look look_at(const PGresult *rows) {
    look stores;
    for (int row = 0; row < PQntuples(rows); row++) {
        store_row columns;
        for (int column = 0; column < PQnfields(rows); column++)
            if (!PQgetisnull(rows, row, column))
                columns[PQfname(rows, column)] = PQgetvalue(rows, row, column);
        stores[columns["store"]] = columns;
    }
    return stores;
}

double number(const store_row &row, const char *column) {
    const auto found = row.find(column);
    return found != row.end() ? std::strtod(found->second.c_str(), nullptr) : std::nan("");
}

std::string format_number(double value, const char *format) {
    if (std::isnan(value))
        return "-";
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), format, value);
    return text.data();
}

// A store, as it is and as it was.
struct watched {
    const store_row &now;
    const store_row &before;
    double seconds;

    // Negative after the counters were reset, which is then not known.
    std::string rate(std::initializer_list<const char *> columns) const {
        double difference = 0;
        for (const char *column : columns)
            difference += number(now, column) - number(before, column);
        return seconds > 0 && difference >= 0 ? format_number(difference / seconds, "%.0f") : "-";
    }
};

struct watched_column {
    const char *title;
    std::string (*text)(const watched &);
};

const std::array watched_columns{
    watched_column{"STORE", [](const watched &store) { return visible(store.now.at("store")); }},
    watched_column{"ENTRIES",
                   [](const watched &store) {
                       return format_number(number(store.now, "entries_estimated"), "%.0f");
                   }},
    watched_column{"SIZE",
                   [](const watched &store) {
                       return format_size(number(store.now, "table_bytes") +
                                          number(store.now, "index_bytes") +
                                          number(store.now, "toast_bytes"));
                   }},
    watched_column{"LIMIT",
                   [](const watched &store) {
                       const auto limit = store.now.find("max_size");
                       return limit != store.now.end() ? limit->second : std::string("-");
                   }},
    watched_column{"HIT RATE",
                   [](const watched &store) {
                       const double hits = number(store.now, "hits");
                       const double reads = hits + number(store.now, "misses");
                       return format_number(100 * hits / reads, "%.1f %%");
                   }},
    watched_column{"READS/s",
                   [](const watched &store) {
                       return store.rate({"hits", "misses"});
                   }},
    watched_column{"SETS/s", [](const watched &store) { return store.rate({"sets"}); }},
    watched_column{"DELETES/s", [](const watched &store) { return store.rate({"deletes"}); }},
    watched_column{"EXPIRED/s",
                   [](const watched &store) { return store.rate({"expired_removed"}); }},
    watched_column{"EVICTED/s", [](const watched &store) { return store.rate({"evicted"}); }}};

// Names to the left, numbers to the right.
std::string align(const std::vector<std::vector<std::string>> &lines) {
    std::vector<std::size_t> widths(lines.front().size());
    for (const auto &line : lines)
        for (std::size_t i = 0; i < line.size(); i++)
            widths[i] = std::max(widths[i], line[i].size());
    std::string text;
    for (const auto &line : lines) {
        for (std::size_t i = 0; i < line.size(); i++) {
            const std::string blanks(widths[i] - line[i].size(), ' ');
            text += i == 0 ? line[i] + blanks : "  " + blanks + line[i];
        }
        text += '\n';
    }
    return text;
}

// While it lives, Ctrl-C ends a wait and not the program, except during what may take long.
class interruptible {
  public:
    interruptible() {
        sigemptyset(&interrupt_);
        sigaddset(&interrupt_, SIGINT);
        sigprocmask(SIG_BLOCK, &interrupt_, &before_);
    }
    ~interruptible() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
    interruptible(const interruptible &) = delete;
    interruptible &operator=(const interruptible &) = delete;

    template <class Work>
    auto except_during(Work work) const {
        sigprocmask(SIG_SETMASK, &before_, nullptr);
        auto done = work();
        sigprocmask(SIG_BLOCK, &interrupt_, nullptr);
        return done;
    }

    // False if it was interrupted.
    bool wait(double seconds) const {
        timespec time{};
        time.tv_sec = static_cast<time_t>(seconds);
        time.tv_nsec = static_cast<long>((seconds - std::floor(seconds)) * 1e9);
        return sigtimedwait(&interrupt_, nullptr, &time) != SIGINT;
    }

  private:
    sigset_t interrupt_{};
    sigset_t before_{};
};

}  // namespace

std::string format_size(double bytes) {
    constexpr std::array units{"B", "kB", "MB", "GB", "TB"};
    std::size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < units.size(); unit++)
        bytes /= 1024;
    if (std::isnan(bytes))
        return "-";
    const char *format = unit > 0 && bytes < 10 ? "%.1f " : "%.0f ";
    return format_number(bytes, format) + units[unit];
}

std::string watch_table(const look &now, const look &before, double seconds) {
    std::vector<std::vector<std::string>> lines(1);
    for (const watched_column &column : watched_columns)
        lines[0].emplace_back(column.title);
    for (const auto &[name, row] : now) {
        const auto earlier = before.find(name);
        const bool is_new = earlier == before.end();
        const watched store{row, is_new ? row : earlier->second, is_new ? 0 : seconds};
        std::vector<std::string> &line = lines.emplace_back();
        for (const watched_column &column : watched_columns)
            line.push_back(column.text(store));
    }
    return align(lines);
}

status list_stores(context &in, const arguments &) {
    for (const std::string &each : store_names(in.on))
        in.out.text(in.out.on_terminal() && !in.out.json() ? visible(each) : each);
    return found;
}

status print_statistics(context &in, const arguments &given) {
    const result rows = read_statistics(in.on, given.name ? given.name : in.store);
    for (int row = 0; row < PQntuples(rows.get()); row++)
        if (in.out.json())
            in.out.line(row_as_json(rows.get(), row));
        else
            in.out.line(row_as_text(rows.get(), row, in.out.on_terminal()));
    if (const std::string note = note_on(rows.get()); !note.empty() && !in.out.json())
        complain(note);
    return found;
}

status watch(context &in, const arguments &given) {
    using clock = std::chrono::steady_clock;
    const bool on_terminal = isatty(STDOUT_FILENO) != 0;
    const interruptible interrupt;
    look before;
    clock::time_point then = clock::now();
    for (std::int64_t shown = 1;; shown++) {
        const result rows = interrupt.except_during([&] {
            in.on.notice_end();  // during the wait
            return read_statistics(in.on);
        });
        const clock::time_point now = clock::now();
        look stores = look_at(rows.get());
        const double seconds = std::chrono::duration<double>(now - then).count();
        if (in.out.json()) {
            for (int row = 0; row < PQntuples(rows.get()); row++)
                in.out.line(row_as_json(rows.get(), row));
        } else {
            constexpr const char *clear_screen = "\033[H\033[J";
            in.out.line((on_terminal ? clear_screen : "") +
                        watch_table(stores, before, shown > 1 ? seconds : 0) +
                        (on_terminal ? note_on(rows.get()) : ""));
        }
        finish_output();
        if (shown == given.max || !interrupt.wait(given.interval))
            return found;
        before = std::move(stores);
        then = now;
    }
}

}  // namespace kv
