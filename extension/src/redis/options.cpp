#include "redis/options.hpp"

#include "server/clock.hpp"

namespace kvstore::redis {

namespace {

constexpr std::int64_t milliseconds_till_2000 =
    static_cast<std::int64_t>(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * 1000;

}  // namespace

std::optional<std::int64_t> integer(execution &x, std::string_view given) {
    std::optional<std::int64_t> number = parse_strict_integer(given);
    if (!number)
        x.out.error(not_an_integer);
    return number;
}

// --- Times ---

std::optional<timestamp> timestamp_of(std::int64_t milliseconds) {
    constexpr std::int64_t last = end_of_time / 1000 + milliseconds_till_2000;
    if (milliseconds >= last)
        return std::nullopt;
    return (Max(milliseconds, 0) - milliseconds_till_2000) * 1000;
}

std::int64_t milliseconds_of(timestamp moment) {
    return moment / 1000 + milliseconds_till_2000;
}

void answer_invalid_expiry(execution &x, std::string_view command) {
    x.out.error(psprintf("ERR invalid expire time in '%.*s' command",
                         static_cast<int>(command.size()), command.data()));
}

std::optional<lifetime> lifetime_of(execution &x, const std::optional<given_time> &given,
                                    std::string_view command) {
    if (!given)
        return lifetime();
    std::optional<std::int64_t> number = integer(x, given->text);
    if (!number)
        return std::nullopt;
    std::int64_t milliseconds = *number;
    bool fits = *number > 0 &&
                (!given->form.in_seconds || !__builtin_mul_overflow(*number, 1000, &milliseconds));
    if (fits && given->form.absolute) {
        if (std::optional<timestamp> at = timestamp_of(milliseconds))
            return lifetime::until(*at);
    } else if (fits) {
        double seconds = static_cast<double>(milliseconds) / 1000;
        if (expiry_after(current_time(), seconds).fault == ttl_fault::none)
            return lifetime::of_seconds(seconds);
    }
    answer_invalid_expiry(x, command);
    return std::nullopt;
}

// --- Options ---

namespace {

std::optional<time_form> time_option(std::string_view word) {
    if (is_word(word, "ex"))
        return time_form{true, false};
    if (is_word(word, "px"))
        return time_form{false, false};
    if (is_word(word, "exat"))
        return time_form{true, true};
    if (is_word(word, "pxat"))
        return time_form{false, true};
    return std::nullopt;
}

condition condition_option(std::string_view word) {
    if (is_word(word, "nx"))
        return condition::absent;
    if (is_word(word, "xx"))
        return condition::present;
    if (is_word(word, "ifeq"))
        return condition::equal;
    if (is_word(word, "ifne"))
        return condition::different;
    return condition::none;
}

bool same(time_form a, time_form b) {
    return a.in_seconds == b.in_seconds && a.absolute == b.absolute;
}

// Takes the option at given[at]; how many arguments it is made of, 0 if it has no place there.
std::size_t take_option(set_options &to, arguments given, std::size_t at, options_of command) {
    std::string_view word = given[at];
    bool has_next = at + 1 < given.size();
    if (std::optional<time_form> form = time_option(word)) {
        if (!has_next || to.keeps_expiry || to.persists || (to.time && !same(to.time->form, *form)))
            return 0;
        to.time = {*form, given[at + 1]};
        return 2;
    }
    if (is_word(word, "persist") && command == options_of::getex && !to.time) {
        to.persists = true;
        return 1;
    }
    if (command == options_of::getex)
        return 0;
    if (is_word(word, "keepttl") && !to.time) {
        to.keeps_expiry = true;
        return 1;
    }
    if (is_word(word, "get") && command == options_of::set) {
        to.answers_old = true;
        return 1;
    }
    condition when = condition_option(word);
    bool compares = when == condition::equal || when == condition::different;
    if (when == condition::none || (to.when != condition::none && to.when != when) ||
        (compares && (!has_next || command != options_of::set)))
        return 0;
    to.when = when;
    if (compares)
        to.expected = given[at + 1];
    return compares ? 2 : 1;
}

}  // namespace

std::optional<set_options> parse_set_options(execution &x, arguments given, options_of command) {
    set_options result;
    for (std::size_t at = 0; at < given.size();) {
        std::size_t taken = take_option(result, given, at, command);
        if (taken == 0) {
            x.out.error(syntax_error);
            return std::nullopt;
        }
        at += taken;
    }
    return result;
}

}  // namespace kvstore::redis
