// Commands that count.

#include "redis/entry_access.hpp"
#include "redis/handlers.hpp"
#include "redis/options.hpp"
#include "rules/real.hpp"

namespace kvstore::redis::handlers {

namespace {

void add(execution &x, std::string_view key, std::int64_t by) {
    std::optional<place> to = place_of(x, operations::incr_strict.what, key);
    if (!to)
        return;
    change(x, operations::incr_strict, *to, {.key = 0, .by = by}, [&](const outcome &done) {
        if (done.met != hindrance::none)
            answer_hindrance(x, done.met);
        else
            x.out.integer(counter_of(done.answer));
    });
}

}  // namespace

void incr(execution &x, arguments given) {
    add(x, given[1], 1);
}

void decr(execution &x, arguments given) {
    add(x, given[1], -1);
}

void incrby(execution &x, arguments given) {
    if (std::optional<std::int64_t> by = integer(x, given[2]))
        add(x, given[1], *by);
}

void decrby(execution &x, arguments given) {
    std::optional<std::int64_t> by = integer(x, given[2]);
    if (by && *by == PG_INT64_MIN)
        x.out.error("ERR decrement would overflow");
    else if (by)
        add(x, given[1], -*by);
}

void incrbyfloat(execution &x, arguments given) {
    std::optional<long double> by = parse_real(given[2]);
    if (!by)
        return x.out.error(not_a_float);
    std::optional<place> to = place_of(x, operations::incr_real.what, given[1]);
    if (!to)
        return;
    terms on{.by = *by};
    change(x, operations::incr_real, *to, {.key = 0, .on = &on}, [&](const outcome &done) {
        if (done.met != hindrance::none)
            answer_hindrance(x, done.met);
        else
            answer_value(x, done.answer);
    });
}

}  // namespace kvstore::redis::handlers
