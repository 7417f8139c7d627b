// MULTI EXEC DISCARD WATCH UNWATCH.
#include <set>

#include "own_command.hpp"

namespace kvstore::gateway {

void multi(call &what) {
    transaction &its = what.from.its_transaction;
    if (its.is_open) {
        what.reply().error("ERR MULTI calls can not be nested");
        return;
    }
    its.is_open = true;
    what.reply().ok();
}

void discard(call &what) {
    if (!what.from.its_transaction.is_open) {
        what.reply().error("ERR DISCARD without MULTI");
        return;
    }
    leave_transaction(what.from);
    what.reply().ok();
}

// --- WATCH -------------------------------------------------------------------------------------

void unwatch(call &what) {
    what.from.its_transaction.watching.clear();
    what.from.its_transaction.has_changed = false;
    what.reply().ok();
}

namespace {

constexpr std::size_t most_watched = 1024;

// The keys that are not watched yet, as a command.
std::vector<std::string_view> new_keys(const call &what) {
    std::set<std::string_view> known;
    for (const transaction::watched &each : what.from.its_transaction.watching)
        if (each.database == what.from.database)
            known.insert(each.key);
    std::vector<std::string_view> command{"WATCH"};
    for (const std::string_view key : what.arguments.subspan(1))
        if (known.insert(key).second)
            command.push_back(key);
    return command;
}

}  // namespace

task<void> watch(call &what) {
    client &one = what.from;
    if (one.its_transaction.is_open) {
        what.reply().error("ERR WATCH inside MULTI is not allowed");
        co_return;
    }
    const std::vector<std::string_view> command = new_keys(what);
    if (command.size() > 1 &&
        one.its_transaction.watching.size() + command.size() - 1 > most_watched) {
        what.reply().error("ERR too many keys are watched");
        co_return;
    }
    std::string reply;
    if (command.size() > 1) {
        one.work.commands.begin(one.protocol, one.database);
        one.work.commands.add(command);
        one.work.replies = &reply;
        co_await carry_out(what);
        one.work.commands.begin(one.protocol, one.database);
        if (reply.starts_with('-')) {
            what.out() += reply;
            co_return;
        }
    }
    redis::byte_reader versions(reply);
    for (std::size_t i = 1; i < command.size(); i++)
        one.its_transaction.watching.push_back(
            {one.database, std::string(command[i]), std::string(versions.sized())});
    what.reply().ok();
}

// --- EXEC --------------------------------------------------------------------------------------

namespace {

using words = std::vector<std::string_view>;

bool goes_to_server(const words &command) {
    return redis::resolve(command).of->answered == redis::where::interpreter;
}

// The server says 0 to PUBLISH: see append_with_receivers() in serving.cpp.
void append_reply(const call &what, const words &command, std::string_view reply) {
    if (redis::is_word(command[0], "publish") && reply == ":0\r\n")
        what.reply().integer(
            static_cast<std::int64_t>(what.from.as->messages.receivers(command[1])));
    else
        what.out() += reply;
}

// The replies in the order of the commands: the server's, and among them our own, of which CLIENT
// REPLY may mute those that follow.
void merge(call &what, const std::vector<words> &commands, std::string_view replies,
           const std::vector<std::size_t> &ends) {
    what.reply().array(commands.size());
    what.in.counted.commands += commands.size();
    std::size_t from_server = 0;
    for (const words &each : commands) {
        if (goes_to_server(each)) {
            const std::size_t begin = from_server == 0 ? 0 : ends[from_server - 1];
            append_reply(what, each, replies.substr(begin, ends[from_server] - begin));
            from_server++;
        } else {
            call one{what.in, what.from, each};
            find_own_command(redis::resolve(each).of->name)->now(one);
        }
    }
}

task<void> carry_out_transaction(call &what, const transaction &its) {
    client &one = what.from;
    std::vector<words> commands;
    commands.reserve(its.commands.size());
    for (const auto &each : its.commands)
        commands.emplace_back(each.begin(), each.end());
    job &work = one.work;
    work.what = its.watching.empty() ? job::kind::exec : job::kind::watched_exec;
    work.commands.begin(one.protocol, one.database, its.watched_keys());
    for (const words &each : commands)
        if (goes_to_server(each))
            work.commands.add(each);
    std::string replies;
    std::vector<std::size_t> ends;
    work.replies = &replies;
    work.ends = &ends;
    if (!work.commands.empty() || !its.watching.empty())
        co_await carry_out(what);
    if (!work.error.empty())
        what.reply().error(work.error);
    else if (work.watched_changed)
        what.reply().null_array();
    else
        merge(what, commands, replies, ends);
    work.what = job::kind::plain;
    work.ends = nullptr;
    work.error.clear();
    work.watched_changed = false;
    work.commands.begin(one.protocol, one.database);
}

}  // namespace

task<void> exec(call &what) {
    if (!what.from.its_transaction.is_open) {
        what.reply().error("ERR EXEC without MULTI");
        co_return;
    }
    const transaction its = std::move(what.from.its_transaction);
    leave_transaction(what.from);
    if (its.is_spoilt)
        what.reply().error("EXECABORT Transaction discarded because of previous errors.");
    else if (its.has_changed)
        what.reply().null_array();
    else
        co_await carry_out_transaction(what, its);
}

}  // namespace kvstore::gateway
