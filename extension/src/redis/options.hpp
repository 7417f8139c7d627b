// What stands behind a command's first arguments: numbers, times and conditions.
#pragma once

#include <optional>

#include "operations/conditional.hpp"
#include "redis/execution.hpp"
#include "rules/integer.hpp"
#include "rules/redis_commands.hpp"

namespace kvstore::redis {

// An integer; nothing, and an error for an answer, if it is none.
std::optional<std::int64_t> integer(execution &x, std::string_view given);

// How a time is given: in what, and from when on.
struct time_form {
    bool in_seconds;
    bool absolute;
};

// A time as the options EX, PX, EXAT and PXAT give it. It must be positive.
struct given_time {
    time_form form = {};
    std::string_view text;
};

// Redis's words for one that is not, or is too far away.
void answer_invalid_expiry(execution &x, std::string_view command);
// Without an end if no time is given; nothing, and that error for an answer, if there is no such.
std::optional<lifetime> lifetime_of(execution &x, const std::optional<given_time> &given,
                                    std::string_view command);

// The moment, in milliseconds since 1970 as Redis counts, in PostgreSQL's microseconds; the
// nearest that PostgreSQL has for what is long ago, nothing for what is too far away.
std::optional<timestamp> timestamp_of(std::int64_t milliseconds);
std::int64_t milliseconds_of(timestamp moment);

// The options of SET, GETEX and MSETEX.
struct set_options {
    condition when = condition::none;
    std::string_view expected;
    bool answers_old = false;
    bool keeps_expiry = false;
    bool persists = false;
    std::optional<given_time> time;
};
enum class options_of : std::uint8_t { set, getex, msetex };
// Nothing, and an error for an answer, if they are not well-formed.
std::optional<set_options> parse_set_options(execution &x, arguments given, options_of command);

}  // namespace kvstore::redis
