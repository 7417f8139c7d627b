// Commands on when an entry expires.

#include "redis/entry_access.hpp"
#include "redis/handlers.hpp"
#include "redis/options.hpp"
#include "server/clock.hpp"

namespace kvstore::redis::handlers {

namespace {

// NX, XX, GT and LT; nothing, and an error for an answer, if they do not go together.
std::optional<expiry_condition> condition_of(execution &x, arguments given) {
    expiry_condition result;
    for (std::string_view word : given) {
        if (is_word(word, "nx")) {
            result.none = true;
        } else if (is_word(word, "xx")) {
            result.some = true;
        } else if (is_word(word, "gt")) {
            result.later = true;
        } else if (is_word(word, "lt")) {
            result.earlier = true;
        } else {
            x.out.error(psprintf("ERR Unsupported option %.*s", static_cast<int>(word.size()),
                                 word.data()));
            return std::nullopt;
        }
    }
    if (result.none && (result.some || result.later || result.earlier)) {
        x.out.error("ERR NX and XX, GT or LT options at the same time are not compatible");
        return std::nullopt;
    }
    if (result.later && result.earlier) {
        x.out.error("ERR GT and LT options at the same time are not compatible");
        return std::nullopt;
    }
    return result;
}

// The end as Redis reckons it; nothing, and an error for an answer, if there is no such time.
std::optional<lifetime> end_of(execution &x, std::string_view text, time_form form,
                               std::string_view command) {
    std::optional<std::int64_t> number = integer(x, text);
    if (!number)
        return std::nullopt;
    std::int64_t moment = *number;
    timestamp now = current_time();
    bool fits = (!form.in_seconds || !__builtin_mul_overflow(*number, 1000, &moment)) &&
                (form.absolute || !__builtin_add_overflow(moment, milliseconds_of(now), &moment));
    std::optional<timestamp> at = fits ? timestamp_of(moment) : std::nullopt;
    if (!at) {
        answer_invalid_expiry(x, command);
        return std::nullopt;
    }
    bool counts_from_now = !form.absolute && *number > 0;
    return counts_from_now
               ? lifetime::of_seconds(form.in_seconds ? static_cast<double>(*number)
                                                      : static_cast<double>(*number) / 1000)
               : lifetime::until(*at);
}

void expire_with(execution &x, arguments given, time_form form, std::string_view command) {
    std::optional<expiry_condition> condition = condition_of(x, given.subspan(3));
    std::optional<lifetime> lives = condition ? end_of(x, given[2], form, command) : std::nullopt;
    if (!lives)
        return;
    timestamp now = current_time();
    const operation &op = given.size() > 3                ? expire_on(*condition)
                          : is_live(lives->end(now), now) ? operations::expire
                                                          : operations::del;
    std::optional<place> at = place_of(x, op.what, given[1]);
    if (!at)
        return;
    terms on{.expiry = *condition};
    change(x, op, *at, {.key = 0, .lives = *lives, .on = &on},
           [&](const outcome &done) { x.out.integer(done.applied ? 1 : 0); });
}

// -2 if there is no entry, -1 if it does not expire, else what `of` makes of its expiry.
template <class Of>
void answer_time(execution &x, std::string_view key, Of of) {
    with_entry(x, key, wanting::expiry, [&](const std::optional<entry> &found) {
        x.out.integer(!found ? -2 : found->expires == never_expires ? -1 : of(found->expires));
    });
}

// A part of a millisecond counts as a whole one, as it has not gone by.
std::int64_t milliseconds_left(timestamp expires) {
    return Max((expires - current_time() + 999) / 1000, 0);
}

std::int64_t in_seconds(std::int64_t milliseconds) {
    return (milliseconds + 500) / 1000;
}

}  // namespace

void expire(execution &x, arguments given) {
    expire_with(x, given, {.in_seconds = true, .absolute = false}, "expire");
}

void pexpire(execution &x, arguments given) {
    expire_with(x, given, {.in_seconds = false, .absolute = false}, "pexpire");
}

void expireat(execution &x, arguments given) {
    expire_with(x, given, {.in_seconds = true, .absolute = true}, "expireat");
}

void pexpireat(execution &x, arguments given) {
    expire_with(x, given, {.in_seconds = false, .absolute = true}, "pexpireat");
}

void ttl(execution &x, arguments given) {
    answer_time(x, given[1],
                [](timestamp expires) { return in_seconds(milliseconds_left(expires)); });
}

void pttl(execution &x, arguments given) {
    answer_time(x, given[1], milliseconds_left);
}

void expiretime(execution &x, arguments given) {
    answer_time(x, given[1],
                [](timestamp expires) { return in_seconds(milliseconds_of(expires)); });
}

void pexpiretime(execution &x, arguments given) {
    answer_time(x, given[1], milliseconds_of);
}

void persist(execution &x, arguments given) {
    std::optional<place> at = place_of(x, operations::persist.what, given[1]);
    if (at)
        change(x, operations::persist, *at, {.key = 0},
               [&](const outcome &done) { x.out.integer(done.applied ? 1 : 0); });
}

}  // namespace kvstore::redis::handlers
