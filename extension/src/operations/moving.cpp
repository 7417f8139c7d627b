#include "operations/moving.hpp"

#include "operations/conditional.hpp"
#include "operations/operation_parts.hpp"
#include "operations/operations.hpp"
#include "server/clock.hpp"

namespace kvstore {

namespace {

int compare(const place &a, const place &b) {
    int by_key = bytes_of(a.key).compare(bytes_of(b.key));
    if (by_key != 0)
        return by_key;
    Oid first = RelationGetRelid(a.in->table);
    Oid second = RelationGetRelid(b.in->table);
    return first == second ? 0 : first < second ? -1 : 1;
}

// Bytes go into a store of text if they are text.
void require_admitted(const route &way, Datum value) {
    if (way.from.in->kind == value_kind::bytes && way.to.in->kind == value_kind::text &&
        !is_text(bytes_of(value)))
        raise_not_text();
}

arrival arrival_of(const outcome &done) {
    return done.applied                        ? arrival::done
           : done.met == hindrance::would_wait ? arrival::would_wait
                                               : arrival::refused;
}

arrival put(const route &way, const entry &what, const operation &how) {
    request asked{.key = way.to.key,
                  .value = what.value,
                  .lives = lifetime::until(what.expires),
                  .waits = way.waits};
    return arrival_of(perform(how, *way.to.in, asked));
}

arrival put(const route &way, const entry &what) {
    return put(way, what, way.replaces ? operations::set : operations::set_nx);
}

// Once more, now that the place is ours: nobody is waited for any more.
arrival put_right(const route &way, const entry &what) {
    require_admitted(way, what.value);
    return put(way, what, operations::set);
}

// Whatever the entry has become, in `what` then.
arrival take_changed(const route &way, entry *what) {
    outcome done =
        perform(operations::take, *way.from.in, {.key = way.from.key, .waits = way.waits});
    if (!done.applied && done.met == hindrance::none)
        return read_anew(*way.from.in, way.from.key, false) ? arrival::refused : arrival::missing;
    if (done.applied && done.answer == 0)  // a rule does without RETURNING
        raise_concurrent_change();
    if (done.applied)
        *what = {done.answer, done.expires};
    return arrival_of(done);
}

// As it was read; or, if it was changed since, by others or by our own triggers, as it is now.
arrival take(const route &way, entry *what) {
    request asked{.key = way.from.key,
                  .lives = lifetime::until(what->expires),
                  .expected = what->value,
                  .waits = way.waits};
    outcome done = perform(operations::del_same, *way.from.in, asked);
    return done.met == hindrance::unmet ? take_changed(way, what) : arrival_of(done);
}

// A copy of what is there once nobody is waited for any more.
arrival copy(const route &way, const entry &what) {
    timestamp began = current_time();
    arrival tried = put(way, what);
    if (tried != arrival::done || !has_waited_since(began))
        return tried;
    std::optional<entry> now = read_anew(*way.from.in, way.from.key, true);
    if (!now)
        return arrival::missing;
    return equal(*now, what) ? tried : put_right(way, *now);
}

arrival move_to_later_key(const route &way, entry *what) {
    arrival tried = take(way, what);
    if (tried != arrival::done)
        return tried;
    require_admitted(way, what->value);
    return put(way, *what);
}

arrival move_to_earlier_key(const route &way, entry *what) {
    arrival tried = put(way, *what);
    if (tried != arrival::done)
        return tried;
    entry before = *what;
    tried = take(way, what);
    return tried != arrival::done || equal(before, *what) ? tried : put_right(way, *what);
}

arrival move(const route &way, entry what, bool destination_comes_first) {
    arrival tried =
        destination_comes_first ? move_to_earlier_key(way, &what) : move_to_later_key(way, &what);
    // What has expired while others were waited for was not brought anywhere.
    bool has_expired = !is_live(what.expires, current_time());
    return tried == arrival::done && has_expired ? arrival::missing : tried;
}

}  // namespace

arrival bring(const route &way) {
    std::optional<entry> found = read_anew(*way.from.in, way.from.key, true);
    count_read(*way.from.in, found.has_value());
    if (!found)
        return arrival::missing;
    int order = compare(way.to, way.from);
    if (order == 0)
        return way.replaces ? arrival::done : arrival::refused;
    require_admitted(way, found->value);
    return way.removes ? move(way, *found, order < 0) : copy(way, *found);
}

}  // namespace kvstore
