// Commands that bring an entry to another key or another store, with its expiry. They meet the two
// keys in their order, so that two of them never wait for each other in a circle.

#include "operations/conditional.hpp"
#include "redis/entry_access.hpp"
#include "redis/handlers.hpp"
#include "redis/options.hpp"

namespace kvstore::redis::handlers {

namespace {

enum class result : std::uint8_t {
    over,  // it is answered, or would wait
    done,
    missing,  // there is no entry to bring
    taken,    // there is one at its destination
    changed,  // the entry was changed meanwhile: to be tried again
};

struct route {
    place from;
    place to;
    bool replaces;
    bool removes = true;
};

bool is_first(const place &a, const place &b) {
    int order = bytes_of(a.key).compare(bytes_of(b.key));
    return order != 0 ? order < 0 : RelationGetRelid(a.in->table) < RelationGetRelid(b.in->table);
}

bool put(execution &x, const route &way, const entry &what) {
    request asked{.key = way.to.key, .value = what.value, .lives = lifetime::until(what.expires)};
    return x.perform(way.replaces ? operations::set : operations::set_nx, *way.to.in, asked)
        .applied;
}

bool take(execution &x, const route &way, const entry &what) {
    request asked{
        .key = way.from.key, .lives = lifetime::until(what.expires), .expected = what.value};
    return x.perform(operations::del_same, *way.from.in, asked).applied;
}

result try_to_bring(execution &x, const route &way) {
    std::optional<entry> found = x.read(*way.from.in, way.from.key, true);
    if (!found)
        return result::missing;
    if (!way.removes)
        return put(x, way, *found) ? result::done : result::taken;
    if (is_first(way.to, way.from)) {
        if (!put(x, way, *found))
            return result::taken;
        return take(x, way, *found) ? result::done : result::changed;
    }
    if (!take(x, way, *found))
        return result::changed;
    return put(x, way, *found) ? result::done : result::taken;
}

result bring(execution &x, const route &way) {
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        result tried = result::over;
        x.as_a_whole([&] {
            tried = try_to_bring(x, way);
            return tried == result::done;
        });
        if (x.would_wait())
            return result::over;
        if (tried != result::changed)
            return tried;
    }
}

// The value of the one store as one of the other's.
bool fits(execution &x, const route &way) {
    if (way.from.in->kind == way.to.in->kind)
        return true;
    x.out.error("ERR the one store keeps text, and the other one bytes");
    return false;
}

std::optional<route> route_of(execution &x, std::string_view from, std::string_view to,
                              int to_database, bool replaces, bool removes) {
    std::optional<place> source = place_of(x, removes ? operations::del_same.what : reading, from);
    std::optional<place> destination =
        source ? place_of(x, operations::set.what, to, to_database) : std::nullopt;
    if (!destination)
        return std::nullopt;
    route way{*source, *destination, replaces, removes};
    return fits(x, way) ? std::optional(way) : std::nullopt;
}

void rename_with(execution &x, arguments given, bool replaces) {
    auto answer = [&](result found) {
        if (found == result::missing)
            x.out.error("ERR no such key");
        else if (found == result::done && replaces)
            x.out.ok();
        else if (found != result::over)
            x.out.integer(found == result::done ? 1 : 0);
    };
    if (given[1] == given[2])
        return with_entry(x, given[1], wanting::expiry, [&](const std::optional<entry> &found) {
            answer(!found ? result::missing : replaces ? result::done : result::taken);
        });
    std::optional<route> way = route_of(x, given[1], given[2], x.database(), replaces, true);
    if (way)
        answer(bring(x, *way));
}

// An argument as the number of a database; nothing, and an error for an answer, if it is none.
std::optional<int> database_of(execution &x, std::string_view given) {
    std::optional<std::int64_t> number = integer(x, given);
    if (!number)
        return std::nullopt;
    if (*number < PG_INT32_MIN || *number > PG_INT32_MAX) {
        x.out.error(not_an_integer);
        return std::nullopt;
    }
    if (*number < 0 || *number >= number_of_databases()) {
        x.out.error("ERR DB index is out of range");
        return std::nullopt;
    }
    return static_cast<int>(*number);
}

constexpr std::string_view same_place = "ERR source and destination objects are the same";

void answer_whether_done(execution &x, result found) {
    if (found != result::over)
        x.out.integer(found == result::done ? 1 : 0);
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
    std::optional<route> way = route_of(x, given[1], given[1], *database, false, true);
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
    std::optional<route> way = route_of(x, given[1], given[2], database, replaces, false);
    if (way)
        answer_whether_done(x, bring(x, *way));
}

}  // namespace kvstore::redis::handlers
