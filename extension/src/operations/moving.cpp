#include "operations/moving.hpp"

#include "operations/conditional.hpp"
#include "operations/operation_parts.hpp"
#include "operations/operations.hpp"
#include "server/clock.hpp"
#include "server/subtransaction.hpp"

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
           : done.met == hindrance::unmet      ? arrival::changed
                                               : arrival::refused;
}

arrival put(const route &way, const entry &what) {
    request asked{.key = way.to.key,
                  .value = what.value,
                  .lives = lifetime::until(what.expires),
                  .waits = way.waits};
    return arrival_of(
        perform(way.replaces ? operations::set : operations::set_nx, *way.to.in, asked));
}

// If it is as it was read.
arrival take(const route &way, const entry &what) {
    request asked{.key = way.from.key,
                  .lives = lifetime::until(what.expires),
                  .expected = what.value,
                  .waits = way.waits};
    return arrival_of(perform(operations::del_same, *way.from.in, asked));
}

// Whether what was copied is still there, as it was: before it was put in its place, others may
// have been waited for.
bool is_still_there(const place &from, const entry &what) {
    std::optional<entry> now = read_anew(*from.in, from.key, true);
    return now && now->expires == what.expires && equal(now->value, what.value);
}

arrival copy(const route &way, const entry &what) {
    arrival tried = put(way, what);
    return tried == arrival::done && !is_still_there(way.from, what) ? arrival::changed : tried;
}

arrival move(const route &way, const entry &what, bool destination_comes_first) {
    arrival tried = destination_comes_first ? put(way, what) : take(way, what);
    if (tried == arrival::done)
        tried = destination_comes_first ? take(way, what) : put(way, what);
    // What has expired while others were waited for was not brought anywhere.
    bool has_expired = !is_live(what.expires, current_time());
    return tried == arrival::done && has_expired ? arrival::changed : tried;
}

}  // namespace

arrival try_to_bring(const route &way) {
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

arrival bring(const route &way) {
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        arrival tried = arrival::changed;
        in_subtransaction([&] {
            tried = try_to_bring(way);
            return tried == arrival::done;
        });
        if (tried != arrival::changed)
            return tried;
    }
}

}  // namespace kvstore
