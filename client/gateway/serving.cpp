#include "serving.hpp"

#include <algorithm>
#include <asio/ssl/error.hpp>

#include "batch_replies.hpp"
#include "own_command.hpp"

namespace kvstore::gateway {

namespace {

constexpr std::size_t commands_of_section = 1024;
constexpr std::size_t bytes_of_section = 1 << 20;
constexpr std::size_t request_before_login = 1024;
// A client that sends more before it reads has to wait.
constexpr std::size_t unsent_before_waiting = 1 << 20;

// --- What may be done ---------------------------------------------------------------------------

bool is_any_of(const redis::command &one, std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, one.name) != names.end();
}

// In RESP2 a client that hears channels can do little else.
bool is_only_listening(const client &one) {
    return one.protocol == 2 && one.subscriptions() > 0;
}

// Whether the command goes to the server as it is, with those before it.
bool goes_to_server(const client &one, const redis::call &found) {
    return found.fault == redis::call_fault::none &&
           found.of->answered == redis::where::interpreter && one.as != nullptr &&
           !one.its_transaction.is_open && !is_only_listening(one);
}

request_limits limits_of(const gateway &in, const client &one) {
    if (one.as != nullptr)
        return {.request = in.told.max_request};
    return {.request = request_before_login, .arguments = 16, .before_login = true};
}

// --- Commands for the server ---------------------------------------------------------------------

enum class step : std::uint8_t { carry_out, wait, answer, receive, refuse };

constexpr const redis::command *publish = redis::find_command("publish");
constexpr const redis::command *exec_command = redis::find_command("exec");

// To CLIENT PAUSE a message is a write, too, as in Redis.
bool writes(const client &one, const redis::command &what) {
    return redis::has(what.flags, redis::flag::write) || &what == publish ||
           (&what == exec_command && one.its_transaction.writes);
}

bool is_paused(const gateway &in, const client &one, const redis::command &what) {
    if (in.pauses.empty() || in.is_stopping)
        return false;
    const auto found = in.pauses.find(one.as);
    return found != in.pauses.end() && gateway::clock::now() < found->second.until &&
           (!found->second.only_writes || writes(one, what));
}

task<void> wait_while_paused(const gateway &in, client &one, const redis::command &what) {
    one.flush();
    one.last_command = what.name;
    one.work.is_blocked = true;
    while (is_paused(in, one, what) && !one.is_closed())
        co_await sleep_for(in.on, std::chrono::milliseconds(10));
    one.work.is_blocked = false;
}

// The server does not know who hears a channel; of its own clients the gateway does.
void note_publication(client &one) {
    const std::size_t receivers = one.as->messages.receivers(one.requests.arguments()[1]);
    if (receivers > 0)
        one.publications.push_back({one.work.commands.commands() - 1, receivers});
}

// Who watches absent keys is to notice that a command sees one of them present: so each has a
// transaction of its own, in which they are looked for, too.
void begin_section(client &one) {
    const std::vector<redis::watched_key> absent = one.its_transaction.absent_keys();
    one.work.what = absent.empty() ? job::kind::plain : job::kind::watching;
    one.work.commands.begin(one.protocol, one.database, absent);
}

void add_request(client &one, const redis::command &what) {
    if (one.work.commands.empty())
        begin_section(one);
    one.work.commands.add(one.requests.arguments());
    one.last_command = what.name;
    if (&what == publish)
        note_publication(one);
}

// Takes requests as long as they go to the server, and says what comes then.
step collect(const gateway &in, client &one) {
    one.requests.set_limits(limits_of(in, one));
    const section &commands = one.work.commands;
    for (;;) {
        const request_reader::state read = one.requests.next();
        if (read != request_reader::state::complete)
            return read == request_reader::state::refused ? step::refuse : step::receive;
        const redis::call found = redis::resolve(one.requests.arguments());
        if (!goes_to_server(one, found))
            return step::answer;
        if (is_paused(in, one, *found.of))
            return step::wait;
        add_request(one, *found.of);
        if (commands.commands() >= commands_of_section || commands.size() >= bytes_of_section ||
            one.replying != replies_to_client::all || one.work.what == job::kind::watching)
            return step::carry_out;
    }
}

// Whether its commands are on their way. What then becomes of them, one.work.done tells.
bool hand_in(client &one) {
    one.work.commands.start_clock();
    if (one.is_closed())
        return false;
    one.as->backends.submit(one.work);
    return true;
}

void take_back(client &one) {
    one.work.is_blocked = false;
    one.work.forget_conflicts();
    if (one.is_closed())
        fail(one.work, "ERR the client has gone");
}

bool is_slow(const gateway &in, section::clock::duration took) {
    return in.told.slowlog_slower_than >= 0 &&
           took >= std::chrono::microseconds(in.told.slowlog_slower_than);
}

void remember(gateway &in, const client &one, std::span<const std::string_view> arguments,
              std::size_t commands, section::clock::duration took) {
    const std::int64_t time = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    in.slow.add(arguments,
                {.when = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()),
                 .microseconds = time,
                 .commands = commands,
                 .arguments = {},
                 .address = one.address,
                 .name = one.name,
                 .role = one.as->identity()},
                in.told.slowlog_max_len);
}

// Of those that were answered together only the time of all is known.
void remember_slow_commands(gateway &in, const client &one) {
    const section &done = one.work.commands;
    for (const section::step &each : done.steps())
        if (is_slow(in, each.took))
            remember(in, one, done.arguments(each.first), each.commands, each.took);
}

// --- Replies that nobody wants -------------------------------------------------------------------

// CLIENT REPLY SKIP is about the command behind it.
void end_command(client &one) {
    if (one.replying == replies_to_client::skip_this)
        one.replying = replies_to_client::all;
    else if (one.replying == replies_to_client::skip_next)
        one.replying = replies_to_client::skip_this;
}

// The replies from the command of that number on, with how many hear what was published, instead of
// the server's 0.
void append_with_receivers(client &one, std::string_view replies,
                           const std::vector<std::size_t> &ends, std::size_t first) {
    std::size_t begin = 0;
    for (const client::publication &each : one.publications) {
        if (each.command < first || each.command - first >= ends.size())
            continue;
        const std::size_t which = each.command - first;
        const std::size_t at = which == 0 ? 0 : ends[which - 1];
        if (replies.substr(at, ends[which] - at) != ":0\r\n")
            continue;
        one.out.append(replies, begin, at - begin);
        reply_writer(one.out, one.protocol).integer(static_cast<std::int64_t>(each.receivers));
        begin = ends[which];
    }
    one.out.append(replies, begin);
}

// Commands of a section, and where their replies go before they are the client's.
struct part {
    std::size_t first;
    bool is_published;
    std::string aside;
    std::vector<std::size_t> ends;
};

void begin_part(client &one, part &some) {
    some.first = one.work.commands.answered();
    some.is_published = !one.publications.empty() && !one.is_muted();
    one.work.replies = one.is_muted() || some.is_published ? &some.aside : &one.out;
    one.work.ends = some.is_published ? &some.ends : nullptr;
}

void end_part(gateway &in, client &one, const part &some) {
    remember_slow_commands(in, one);
    one.work.ends = nullptr;
    if (some.is_published)
        append_with_receivers(one, some.aside, some.ends, some.first);
}

// Where the replies are many, some of the commands: the others when these have been sent. (One
// coroutine, since each costs as much as what a command is read with.)
task<void> carry_out_section(gateway &in, client &one) {
    do {
        if (one.unsent() > unsent_before_waiting)
            co_await one.until_sent(unsent_before_waiting);
        part some{};
        begin_part(one, some);
        if (hand_in(one))
            co_await one.work.done.wait();
        in.counted.commands += one.work.commands.answered() - some.first;
        take_back(one);
        end_part(in, one, some);
    } while (one.work.commands.left() > 0 && !one.is_closed());
    one.its_transaction.has_changed |= one.work.watched_changed;
    one.work.watched_changed = false;
    one.work.what = job::kind::plain;
    one.publications.clear();
    one.work.commands.begin(one.protocol, one.database);
    end_command(one);
}

// A request that came while CLIENT PAUSE is about it.
task<void> carry_out_after_pause(gateway &in, client &one) {
    const redis::command &what = *redis::resolve(one.requests.arguments()).of;
    co_await wait_while_paused(in, one, what);
    if (one.is_closed())
        co_return;
    add_request(one, what);
    co_await carry_out_section(in, one);
}

// --- Commands of the gateway's own --------------------------------------------------------------

bool is_queued(const client &one, const redis::command &what) {
    return one.its_transaction.is_open &&
           !is_any_of(what, {"exec", "discard", "multi", "watch", "quit", "reset"});
}

// Redis's words for what cannot be done, or nothing.
std::string refusal(const gateway &in, const client &one, const redis::call &found,
                    std::span<const std::string_view> arguments) {
    std::string error;
    if (found.fault != redis::call_fault::none) {
        redis::append_fault(error, found, arguments);
    } else if (one.as == nullptr && !redis::has(found.of->flags, redis::flag::no_auth)) {
        error = "NOAUTH Authentication required.";
    } else if (is_only_listening(one) &&
               !is_any_of(*found.of, {"subscribe", "psubscribe", "unsubscribe", "punsubscribe",
                                      "ping", "quit", "reset"})) {
        std::string name(found.of->name);
        error =
            "ERR Can't execute '" + name +
            "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
            "context";
    } else if (const transaction &open = one.its_transaction; open.is_open) {
        const own_command *own = find_own_command(found.of->name);
        const bool takes_time = own != nullptr && own->later != nullptr;
        if (takes_time && !is_any_of(*found.of, {"exec", "watch"}))
            error = "ERR Command not allowed inside a transaction";
        else if (open.bytes > in.told.max_request && is_queued(one, *found.of))
            error = "ERR the transaction is larger than kvstore-redis's option --max-request";
    }
    return error;
}

void add_to_queue(client &one, const redis::command &what,
                  std::span<const std::string_view> arguments) {
    transaction &open = one.its_transaction;
    open.writes |= writes(one, what);
    open.commands.emplace_back(arguments.begin(), arguments.end());
    for (const std::string_view each : arguments)
        open.bytes += each.size() + sizeof(std::string);
}

// What cannot be done. An EXEC that cannot ends the transaction all the same, as in Redis.
void answer_refusal(call &what, const redis::call &found, const std::string &error) {
    what.in.counted.errors++;
    if (found.of == exec_command) {
        leave_transaction(what.from);
        what.reply().error("EXECABORT Transaction discarded because of: " +
                           error.substr(error.starts_with("ERR ") ? 4 : 0));
    } else {
        what.from.its_transaction.is_spoilt |= what.from.its_transaction.is_open;
        what.reply().error(error);
    }
}

task<void> answer_command(call &what, const redis::command &which) {
    client &one = what.from;
    if (is_paused(what.in, one, which))
        co_await wait_while_paused(what.in, one, which);
    if (one.is_closed())
        co_return;
    one.last_command = which.name;
    const own_command *own = find_own_command(which.name);
    if (own != nullptr && own->before != nullptr) {
        const bool is_known = co_await own->before(what);
        if (!is_known) {
            one.its_transaction.is_spoilt |= one.its_transaction.is_open;
            co_return;
        }
    }
    if (is_queued(one, which)) {
        add_to_queue(one, which, what.arguments);
        what.reply().simple("QUEUED");
        co_return;
    }
    if (own->now != nullptr)
        own->now(what);
    else
        co_await own->later(what);
    what.in.counted.commands++;
}

task<void> answer_request(gateway &in, client &one) {
    const std::span<const std::string_view> arguments = one.requests.arguments();
    // What a browser was made to send is no client of ours, as in Redis.
    if (redis::is_word(arguments[0], "post") || redis::is_word(arguments[0], "host:")) {
        one.close();
        co_return;
    }
    call what{in, one, arguments};
    const redis::call found = redis::resolve(arguments);
    if (const std::string error = refusal(in, one, found, arguments); !error.empty())
        answer_refusal(what, found, error);
    else
        co_await answer_command(what, *found.of);
    end_command(one);
}

// --- Receiving ----------------------------------------------------------------------------------

void begin_to_receive(gateway &in, client &one) {
    one.flush();
    // If nobody else has sent anything since it did.
    if (std::exchange(in.last_served, one.number) == one.number && one.work.was_alone)
        one.await_at_once();
    one.is_served = false;
    one.last_used = client::rough_time();  // what it has waited for is done
}

void take_received(gateway &in, client &one, std::size_t size) {
    one.is_served = true;
    one.requests.filled(size);
    in.counted.bytes_in += size;
    one.last_used = client::rough_time();
}

void refuse(gateway &in, client &one) {
    in.counted.errors++;
    reply_writer(one.out, one.protocol).error("ERR " + one.requests.problem());
    one.close_when_sent();
}

}  // namespace

task<void> serve(gateway &in, std::shared_ptr<client> self,
                 std::shared_ptr<asio::ssl::context> tls) {
    client &one = *self;
    if (tls) {
        const asio::error_code problem = co_await one.shake_hands(*tls);
        // Others have merely gone, or were too slow.
        if (problem.category() == asio::error::get_ssl_category())
            in.failed_handshakes.add("TLS with " + one.address + " failed: " + problem.message());
        if (problem)
            one.close();
    }
    one.is_ready = true;
    while (!one.is_closing()) {
        const step next = collect(in, one);
        if (!one.work.commands.empty())
            co_await carry_out_section(in, one);
        if (one.unsent() > unsent_before_waiting)
            co_await one.until_sent(unsent_before_waiting);
        if (one.is_closing())
            break;
        if (next == step::wait) {
            co_await carry_out_after_pause(in, one);
        } else if (next == step::answer) {
            co_await answer_request(in, one);
        } else if (next == step::receive) {
            begin_to_receive(in, one);
            asio::error_code problem;
            const std::size_t size = co_await one.receive(problem);
            take_received(in, one, size);
            if (problem)
                one.close_when_sent();
        } else if (next == step::refuse) {
            refuse(in, one);
        }
    }
    co_await one.until_sent(0);
    one.close();
    leave_channels(one);
    if (one.as != nullptr)
        one.as->clients--;
    in.clients.erase(one.number);
}

// --- What own commands need too ------------------------------------------------------------------

// Its time is that of all that goes with it.
task<void> carry_out(call &what) {
    client &one = what.from;
    const auto begin = section::clock::now();
    if (hand_in(one))
        co_await one.work.done.wait();
    take_back(one);
    const auto took = section::clock::now() - begin;
    if (is_slow(what.in, took))
        remember(what.in, one, what.arguments,
                 one.work.is_exec() ? one.work.commands.commands() + 1 : 1, took);
}

}  // namespace kvstore::gateway
