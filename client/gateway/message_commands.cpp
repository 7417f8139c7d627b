// SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUNSUBSCRIBE PUBSUB.
#include "own_command.hpp"
#include "rules/glob.hpp"
#include "rules/redis_messages.hpp"

namespace kvstore::gateway {

namespace {

using kind = message_hub::kind;
using names = std::set<std::string, std::less<>>;

names &names_of(client &one, kind what) {
    return what == kind::channel ? one.channels : one.patterns;
}

// Another AUTH leaves a client with what it hears, as in Redis: as who it was when it came to that.
message_hub &hub_of(client &one) {
    if (one.subscriptions() == 0)
        one.hears_as = one.as;
    return one.hears_as->messages;
}

void confirm(const call &what, std::string_view word, const std::string *name) {
    reply_writer out = what.push();
    out.push(3);
    out.bulk(word);
    if (name != nullptr)
        out.bulk(*name);
    else
        out.null();
    out.integer(static_cast<std::int64_t>(what.from.subscriptions()));
}

// Longer ones no message is sent to; and the time that a pattern takes grows with its length.
std::string problem_of(std::string_view name, kind which) {
    const std::size_t longest =
        which == kind::channel ? redis::longest_channel_of_redis : longest_pattern;
    if (name.size() <= longest)
        return "";
    return std::string(which == kind::channel ? "channel" : "pattern") + " of " +
           std::to_string(name.size()) + " bytes is too long, it has at most " +
           std::to_string(longest);
}

task<void> subscribe_to(call &what, kind which, std::string_view word) {
    constexpr std::size_t most = 10000;
    for (const std::string_view each : what.arguments.subspan(1)) {
        const std::string name(each);
        std::string problem = problem_of(each, which);
        if (problem.empty() && what.from.subscriptions() >= most)
            problem = "too many channels";
        if (problem.empty() && !names_of(what.from, which).contains(name))
            problem = co_await hub_of(what.from).subscribe(what.from, name, which);
        if (!problem.empty()) {
            what.reply().error("ERR " + problem);
            co_return;
        }
        names_of(what.from, which).insert(name);
        confirm(what, word, &name);
    }
}

void unsubscribe_from(call &what, kind which, std::string_view word) {
    names &its = names_of(what.from, which);
    const auto one = [&](const std::string &name) {
        if (its.contains(name))
            hub_of(what.from).unsubscribe(what.from, name, which);
        its.erase(name);
        confirm(what, word, &name);
    };
    if (what.arguments.size() > 1)
        for (const std::string_view each : what.arguments.subspan(1))
            one(std::string(each));
    else if (its.empty())
        confirm(what, word, nullptr);
    else
        for (const std::string &each : names(its))
            one(each);
}

}  // namespace

task<void> subscribe(call &what) {
    return subscribe_to(what, kind::channel, "subscribe");
}

task<void> psubscribe(call &what) {
    return subscribe_to(what, kind::pattern, "psubscribe");
}

void unsubscribe(call &what) {
    unsubscribe_from(what, kind::channel, "unsubscribe");
}

void punsubscribe(call &what) {
    unsubscribe_from(what, kind::pattern, "punsubscribe");
}

void leave_channels(client &one) {
    if (one.subscriptions() > 0)
        one.hears_as->messages.leave(one);
    one.channels.clear();
    one.patterns.clear();
}

// --- PUBSUB: about the clients of this gateway and role ----------------------------------------

void pubsub_channels(call &what) {
    if (what.arguments.size() > 3)
        return answer_too_many(what);
    std::vector<std::string_view> shown;
    for (const std::string_view each : what.from.as->messages.channels())
        if (what.arguments.size() < 3 || glob_matches(what.arguments[2], each))
            shown.push_back(each);
    what.reply().array(shown.size());
    for (const std::string_view each : shown)
        what.reply().bulk(each);
}

void pubsub_numsub(call &what) {
    what.reply().array(2 * (what.arguments.size() - 2));
    for (const std::string_view each : what.arguments.subspan(2)) {
        what.reply().bulk(each);
        what.reply().integer(static_cast<std::int64_t>(what.from.as->messages.subscribers(each)));
    }
}

void pubsub_numpat(call &what) {
    what.reply().integer(static_cast<std::int64_t>(what.from.as->messages.patterns()));
}

void pubsub_help(call &what) {
    static constexpr std::string_view lines[] = {
        "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "CHANNELS [<pattern>]",
        "    Return the currently active channels matching a <pattern> (default: '*').",
        "NUMPAT",
        "    Return number of subscriptions to patterns.",
        "NUMSUB [<channel> ...]",
        "    Return the number of subscribers for the specified channels, excluding",
        "    pattern subscriptions(default: no channels).",
        "HELP",
        "    Prints this help.",
    };
    help(what, lines);
}

}  // namespace kvstore::gateway
