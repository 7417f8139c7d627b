// A command that the gateway answers itself.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway.hpp"
#include "reply.hpp"
#include "rules/redis_commands.hpp"

namespace kvstore::gateway {

// Clients switch by it what they use.
constexpr std::string_view redis_version = "7.4.0";

struct call {
    gateway &in;
    client &from;
    std::span<const std::string_view> arguments;
    mutable std::string unwanted{};

    // As the client is by now, which HELLO, RESET and CLIENT REPLY change: its replies, or what
    // nobody wants.
    std::string &out() const { return from.is_muted() ? unwanted : from.out; }
    reply_writer reply() const { return {out(), from.protocol}; }
    // What is no reply: messages, and what subscribing confirms.
    reply_writer push() const { return {from.out, from.protocol}; }
    // "FOO", in any case, as the argument of that number.
    bool has(std::size_t number, std::string_view word) const {
        return number < arguments.size() && redis::is_word(arguments[number], word);
    }
    // 'foo', as errors have it: Redis's end at a zero byte.
    std::string quoted(std::size_t number) const {
        const std::string_view given = arguments[number];
        std::string text = "'";
        text += given.substr(0, given.find('\0'));
        return text += "'";
    }
};

// Answers at once, or later.
struct own_command {
    std::string_view name;  // as in the table of commands
    void (*now)(call &) = nullptr;
    task<void> (*later)(call &) = nullptr;
    // Finds out what `now` has to know, if it is not known; if it cannot, there is a reply.
    task<bool> (*before)(call &) = nullptr;
};

// nullptr if there is none.
const own_command *find_own_command(std::string_view name);

// --- What the table refers to --------------------------------------------------------------------

void ping(call &what);
void echo(call &what);
void quit(call &what);
void reset(call &what);
task<void> select(call &what);
task<void> hello(call &what);
task<void> auth(call &what);

void client_getname(call &what);
void client_getredir(call &what);
void client_help(call &what);
void client_id(call &what);
void client_info(call &what);
void client_kill(call &what);
void client_list(call &what);
void client_no_evict(call &what);
void client_no_touch(call &what);
void client_pause(call &what);
void client_reply(call &what);
void client_setinfo(call &what);
void client_setname(call &what);
void client_tracking(call &what);
void client_trackinginfo(call &what);
void client_unblock(call &what);
void client_unpause(call &what);

void config_get(call &what);
task<bool> ask_for_config(call &what);
void config_help(call &what);
void config_resetstat(call &what);
void config_rewrite(call &what);
void config_set(call &what);

void latency_latest(call &what);
void latency_reset(call &what);
void slowlog_get(call &what);
void slowlog_help(call &what);
void slowlog_len(call &what);
void slowlog_reset(call &what);
task<void> info(call &what);

task<void> subscribe(call &what);
task<void> psubscribe(call &what);
void unsubscribe(call &what);
void punsubscribe(call &what);
void pubsub_channels(call &what);
void pubsub_help(call &what);
void pubsub_numpat(call &what);
void pubsub_numsub(call &what);

void multi(call &what);
void discard(call &what);
void unwatch(call &what);
task<void> exec(call &what);
task<void> watch(call &what);

// --- What they share ---------------------------------------------------------------------------

// As Redis reads one; nothing, with its error as the reply, if it is none.
bool read_integer(call &what, std::size_t argument, std::int64_t &into,
                  std::string_view error = "ERR value is not an integer or out of range");
// Redis's words for a subcommand that takes fewer arguments.
void answer_too_many(call &what);
// Whether the client may, with the error as the reply if not.
bool may_administer(call &what);
// How many databases there are, which the server knows; -1, with its error as the reply, if it
// cannot be asked. The role's backends remember it.
task<std::int64_t> ask_for_databases(call &what);
// Sends the client's work for the server with its role, and waits.
task<void> carry_out(call &what);
void leave_transaction(client &one);
void leave_channels(client &one);
// Whether a client may be called so, with the error as the reply if not. `what_it_is` begins it.
bool is_name(call &what, std::string_view name, std::string_view what_it_is);
// Lines of bulk strings or simple ones, as HELP of Redis has them.
void help(call &what, std::span<const std::string_view> lines);

}  // namespace kvstore::gateway
