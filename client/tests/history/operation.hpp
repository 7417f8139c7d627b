// What clients ask of a store, what they are answered, and what a history keeps of both.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace history {

// Microseconds since 1970, as the machine's clock says it: the server's too.
using micros = std::int64_t;
constexpr micros never = std::numeric_limits<micros>::max();
constexpr micros long_ago = 0;

enum class verb : std::uint8_t {
    get,
    exists,
    ttl,
    expires,
    set,
    set_nx,
    set_xx,
    set_keepttl,
    get_set,
    append,
    cas,
    incr,
    rate_limit,
    get_ex,
    expire,
    expire_at,
    persist,
    get_del,
    del,
    del_if,
    mget,
    mset,
    mdel,
    crash  // of the server: not asked for by a client, but it may change a store
};

// Of Redis's: as one command; as commands of a transaction of their own; and so that what the first
// of them sees is what the last of them is about.
enum class manner : std::uint8_t { command, transaction, steps };

// An operation on one key, or on several (mget, mset, mdel).
struct operation {
    verb what = verb::get;
    std::vector<int> keys = {};
    std::vector<std::string> values = {};      // of mset one for each key
    std::optional<std::string> expected = {};  // without: cas expects that there is no entry
    micros ttl = 0;                            // 0: without
    micros slack = 0;
    std::int64_t number = 1;  // what is added, or costs
    std::int64_t most = 0;    // of a rate limit
    micros at = never;        // of expire_at
    bool by_redis = false;    // tells times in milliseconds, and counts in "7", not in "07"
    manner by = manner::command;
};

enum class outcome : std::uint8_t {
    answered,
    refused,  // an error, which says why; nothing was carried out
    nothing,  // cancelled, or no connection: nothing was carried out
    in_doubt  // the connection was lost on the way
};

struct answer {
    outcome how = outcome::answered;
    bool yes = false;
    std::vector<std::optional<std::string>> values = {};  // of mget one for each key
    std::int64_t number = 0;
    std::optional<micros> time = {};  // an expiry; of ttl what is left
    std::string sqlstate = {};        // of an error; of nothing, why
};

// An operation on one key, as its history has it.
struct call {
    int client = 0;
    int key = 0;
    operation what;
    answer answered = {};
    micros called = 0;
    micros returned = never;

    // An operation on several keys says of all of them how many there were: of this one nothing.
    bool is_told_nothing = false;
    // Its TTL may count from before it found the entry as it was: see model.hpp.
    bool counts_apart = false;
    // It was seen to wait, for a lock that was held until then.
    micros waited_until = long_ago;
    // In a transaction, all is decided by `decided_by`, and seen by others from `visible_from` on.
    micros decided_by = never;
    micros visible_from = long_ago;

    bool has_returned() const { return returned != never; }
};

// Two digits, so that their order is that of the numbers.
std::string key_name(int key);
std::vector<std::string> key_names(const operation &what);

std::string to_string(verb what);

// "set k3 '170' for 12.5 ms -> OK"
std::string to_string(const operation &what);
std::string to_string(const operation &what, const answer &answered);

// What an operation asks of one of its keys, and what it is answered of that.
operation part_of(const operation &whole, std::size_t part);
answer part_of(const answer &whole, std::size_t part);

}  // namespace history
