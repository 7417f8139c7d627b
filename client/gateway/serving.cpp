#include "serving.hpp"

#include <algorithm>

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

enum class step : std::uint8_t { carry_out, answer, receive, refuse };

constexpr const redis::command *publish = redis::find_command("publish");

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

// Takes requests as long as they go to the server, and says what comes then.
step collect(const gateway &in, client &one) {
    one.requests.set_limits(limits_of(in, one));
    section &commands = one.work.commands;
    for (;;) {
        const request_reader::state read = one.requests.next();
        if (read != request_reader::state::complete)
            return read == request_reader::state::refused ? step::refuse : step::receive;
        const redis::call found = redis::resolve(one.requests.arguments());
        if (!goes_to_server(one, found))
            return step::answer;
        if (commands.empty())
            begin_section(one);
        commands.add(one.requests.arguments());
        one.last_command = found.of->name;
        if (found.of == publish)
            note_publication(one);
        if (redis::has(found.of->flags, redis::flag::write))
            one.work.writes = true;
        if (commands.commands() >= commands_of_section || commands.size() >= bytes_of_section ||
            one.replying != replies_to_client::all || one.work.what == job::kind::watching)
            return step::carry_out;
    }
}

// --- Replies that nobody wants -------------------------------------------------------------------

bool is_muted(const client &one) {
    return one.replying == replies_to_client::none || one.replying == replies_to_client::skip_this;
}

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

// Where the replies are many, some of the commands: the others when these have been sent.
task<void> carry_out_some(gateway &in, client &one) {
    std::string aside;
    std::vector<std::size_t> ends;
    const std::size_t first = one.work.commands.answered();
    const bool is_published = !one.publications.empty() && !is_muted(one);
    one.work.replies = is_muted(one) || is_published ? &aside : &one.out;
    one.work.ends = is_published ? &ends : nullptr;
    co_await carry_out(in, one, one.work);
    one.work.ends = nullptr;
    if (is_published)
        append_with_receivers(one, aside, ends, first);
}

task<void> carry_out_section(gateway &in, client &one) {
    co_await carry_out_some(in, one);
    while (one.work.commands.left() > 0 && !one.is_closed()) {
        co_await one.until_sent(unsent_before_waiting);
        if (!one.is_closed())
            co_await carry_out_some(in, one);
    }
    one.its_transaction.has_changed |= one.work.watched_changed;
    one.work.watched_changed = false;
    one.work.what = job::kind::plain;
    one.publications.clear();
    one.work.commands.begin(one.protocol, one.database);
    one.work.writes = false;
    end_command(one);
}

// --- Commands of the gateway's own
// -----------------------------------------------------------------

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

void add_to_queue(transaction &open, std::span<const std::string_view> arguments) {
    open.commands.emplace_back(arguments.begin(), arguments.end());
    for (const std::string_view each : arguments)
        open.bytes += each.size() + sizeof(std::string);
}

task<void> answer_request(gateway &in, client &one) {
    const std::span<const std::string_view> arguments = one.requests.arguments();
    // What a browser was made to send is no client of ours, as in Redis.
    if (redis::is_word(arguments[0], "post") || redis::is_word(arguments[0], "host:")) {
        one.close();
        co_return;
    }
    in.counted.commands++;
    std::string unwanted;
    call what{in, one, arguments, is_muted(one) ? unwanted : one.out};
    const redis::call found = redis::resolve(arguments);
    if (const std::string error = refusal(in, one, found, arguments); !error.empty()) {
        in.counted.errors++;
        // An EXEC that cannot be carried out ends the transaction all the same, as in Redis.
        if (found.of != nullptr && is_any_of(*found.of, {"exec"})) {
            leave_transaction(one);
            what.reply().error("EXECABORT Transaction discarded because of: " +
                               error.substr(error.starts_with("ERR ") ? 4 : 0));
        } else {
            one.its_transaction.is_spoilt |= one.its_transaction.is_open;
            what.reply().error(error);
        }
    } else if (is_queued(one, *found.of)) {
        one.last_command = found.of->name;
        add_to_queue(one.its_transaction, arguments);
        what.reply().simple("QUEUED");
    } else if (const own_command *own = find_own_command(found.of->name); own == nullptr) {
        what.reply().error("ERR '" + std::string(found.of->name) + "' is not supported by kvstore");
    } else {
        one.last_command = found.of->name;
        if (own->now != nullptr)
            own->now(what);
        else
            co_await own->later(what);
    }
    end_command(one);
}

// --- Receiving ----------------------------------------------------------------------------------

task<void> receive(gateway &in, client &one) {
    one.flush();
    if (one.unsent() > unsent_before_waiting)
        co_await one.until_sent(unsent_before_waiting);
    // If nobody else has sent anything since it did.
    if (std::exchange(in.last_served, one.number) == one.number && one.work.was_alone)
        one.await_at_once();
    asio::error_code problem;
    one.is_served = false;
    const std::size_t size = co_await one.receive(problem);
    one.is_served = true;
    one.requests.filled(size);
    one.bytes_in += size;
    in.counted.bytes_in += size;
    one.last_used = client::clock::now();
    if (problem)
        one.close_when_sent();
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
        const bool is_agreed = co_await one.shake_hands(*tls);
        if (!is_agreed)
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
        if (next == step::answer)
            co_await answer_request(in, one);
        else if (next == step::receive)
            co_await receive(in, one);
        else if (next == step::refuse)
            refuse(in, one);
    }
    co_await one.until_sent(0);
    one.close();
    in.counted.bytes_out += one.bytes_out;
    leave_channels(one);
    if (one.as != nullptr)
        one.as->clients--;
    in.clients.erase(one.number);
}

// --- What own commands need too ------------------------------------------------------------------

namespace {

// CLIENT PAUSE has all wait whom it is about.
task<void> wait_while_paused(gateway &in, client &one, job &work) {
    for (; !one.is_closed(); work.is_blocked = true) {
        const auto found = in.pauses.find(one.as);
        if (found == in.pauses.end() || gateway::clock::now() >= found->second.until ||
            (found->second.only_writes && !work.writes) || in.is_stopping)
            co_return;
        co_await sleep_for(in.on, std::chrono::milliseconds(10));
    }
}

void remember_if_slow(gateway &in, const client &one, const section &done, std::size_t first,
                      std::chrono::microseconds time) {
    if (in.told.slowlog_slower_than < 0 || time.count() < in.told.slowlog_slower_than ||
        first >= done.commands())
        return;
    in.slow.add(done.arguments(first),
                {.when = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()),
                 .microseconds = time.count(),
                 .arguments = {},
                 .address = one.address,
                 .name = one.name,
                 .role = one.as->identity()},
                in.told.slowlog_max_len);
}

}  // namespace

task<void> carry_out(gateway &in, client &from, job &work) {
    if (!in.pauses.empty())
        co_await wait_while_paused(in, from, work);
    const auto begin = client::clock::now();
    const std::size_t first = work.commands.answered();
    work.is_blocked = false;
    if (!from.is_closed()) {
        from.as->backends.submit(work);
        co_await work.done.wait();
        work.is_blocked = false;
    }
    if (from.is_closed()) {
        fail(work, "ERR the client has gone");
        co_return;
    }
    remember_if_slow(
        in, from, work.commands, first,
        std::chrono::duration_cast<std::chrono::microseconds>(client::clock::now() - begin));
    in.counted.commands += work.commands.answered() - first;
}

}  // namespace kvstore::gateway
