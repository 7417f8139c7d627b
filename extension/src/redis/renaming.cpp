// Commands that bring an entry to another key or another store, with its expiry.

#include "operations/conditional.hpp"
#include "operations/moving.hpp"
#include "redis/entry_access.hpp"
#include "redis/handlers.hpp"
#include "redis/options.hpp"

namespace kvstore::redis::handlers {

namespace {

// Nothing if the command is answered, or would wait.
std::optional<arrival> bring(execution &x, route way) {
    way.waits = x.waits();
    std::optional<arrival> found;
    x.as_a_whole([&] {
        found = kvstore::bring(way);
        if (found == arrival::would_wait)
            x.set_would_wait();
        return found == arrival::done;
    });
    return x.would_wait() ? std::nullopt : found;
}

// Nothing if it cannot be had, see place_of().
std::optional<route> route_of(execution &x, std::string_view from, std::string_view to,
                              int to_database, bool removes, bool replaces) {
    std::optional<place> source = place_of(x, removes ? operations::del_same.what : reading, from);
    std::optional<place> destination =
        source ? place_of(x, operations::set.what, to, to_database) : std::nullopt;
    if (!destination)
        return std::nullopt;
    return route{*source, *destination, removes, replaces};
}

void rename_with(execution &x, arguments given, bool replaces) {
    auto answer = [&](std::optional<arrival> found) {
        if (found == arrival::missing)
            x.out.error("ERR no such key");
        else if (found == arrival::done && replaces)
            x.out.ok();
        else if (found == arrival::refused && replaces)
            x.out.error("ERR a trigger, a rule or a policy of the store keeps the entry");
        else if (found)
            x.out.integer(found == arrival::done ? 1 : 0);
    };
    if (given[1] == given[2])
        return with_entry(x, given[1], wanting::expiry, [&](const std::optional<entry> &found) {
            answer(!found ? arrival::missing : replaces ? arrival::done : arrival::refused);
        });
    std::optional<route> way = route_of(x, given[1], given[2], x.database(), true, replaces);
    if (way)
        answer(bring(x, *way));
}

// An argument as the number of a database; nothing, and an error for an answer, if it is none.
std::optional<int> database_of(execution &x, std::string_view given) {
    std::optional<std::int64_t> number = integer(x, given);
    if (!number)
        return std::nullopt;
    if (!is_of_32_bits(*number)) {
        x.out.error(not_of_32_bits);
        return std::nullopt;
    }
    if (*number < 0 || *number >= number_of_databases()) {
        x.out.error("ERR DB index is out of range");
        return std::nullopt;
    }
    return static_cast<int>(*number);
}

constexpr std::string_view same_place = "ERR source and destination objects are the same";

void answer_whether_done(execution &x, std::optional<arrival> found) {
    if (found)
        x.out.integer(found == arrival::done ? 1 : 0);
}

}  // namespace

void rename(execution &x, arguments given) {
    rename_with(x, given, true);
}

void renamenx(execution &x, arguments given) {
    rename_with(x, given, false);
}

void move(execution &x, arguments given) {
    std::optional<int> database = database_of(x, given[2]);
    if (!database)
        return;
    if (*database == x.database())
        return x.out.error(same_place);
    std::optional<route> way = route_of(x, given[1], given[1], *database, true, false);
    if (way)
        answer_whether_done(x, bring(x, *way));
}

void copy(execution &x, arguments given) {
    int database = x.database();
    bool replaces = false;
    for (std::size_t at = 3; at < given.size(); at++) {
        if (is_word(given[at], "replace")) {
            replaces = true;
        } else if (is_word(given[at], "db") && at + 1 < given.size()) {
            std::optional<int> other = database_of(x, given[++at]);
            if (!other)
                return;
            database = *other;
        } else {
            return x.out.error(syntax_error);
        }
    }
    if (database == x.database() && given[1] == given[2])
        return x.out.error(same_place);
    std::optional<route> way = route_of(x, given[1], given[2], database, false, replaces);
    if (way)
        answer_whether_done(x, bring(x, *way));
}

}  // namespace kvstore::redis::handlers
