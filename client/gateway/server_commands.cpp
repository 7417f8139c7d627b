// INFO SLOWLOG LATENCY.
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "own_command.hpp"

namespace kvstore::gateway {

// --- SLOWLOG, LATENCY --------------------------------------------------------------------------

void slowlog_get(call &what) {
    std::int64_t most = 10;
    if (what.arguments.size() > 3) {
        answer_too_many(what);
        return;
    }
    if (what.arguments.size() == 3 &&
        !read_integer(what, 2, most, "ERR count should be greater than or equal to -1"))
        return;
    if (most < -1) {
        what.reply().error("ERR count should be greater than or equal to -1");
        return;
    }
    auto shown = what.in.slow.of(what.from.as->identity());
    if (most >= 0 && static_cast<std::size_t>(most) < shown.size())
        shown.resize(static_cast<std::size_t>(most));
    what.reply().array(shown.size());
    for (const slow_log::entry *each : shown) {
        what.reply().array(6);
        what.reply().integer(each->number);
        what.reply().integer(each->when);
        what.reply().integer(each->microseconds);
        what.reply().array(each->arguments.size());
        for (const std::string &argument : each->arguments)
            what.reply().bulk(argument);
        what.reply().bulk(each->address);
        what.reply().bulk(each->name);
    }
}

void slowlog_len(call &what) {
    what.reply().integer(
        static_cast<std::int64_t>(what.in.slow.of(what.from.as->identity()).size()));
}

void slowlog_reset(call &what) {
    what.in.slow.forget(what.from.as->identity());
    what.reply().ok();
}

void slowlog_help(call &what) {
    static constexpr std::string_view lines[] = {
        "SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "GET [<count>]",
        "    Return top <count> entries from the slowlog (default: 10, -1 mean all), of this role.",
        "    Entries are made of:",
        "    id, timestamp, time in microseconds, arguments array, client IP and port,",
        "    client name",
        "LEN",
        "    Return the length of the slowlog.",
        "RESET",
        "    Reset the slowlog.",
        "HELP",
        "    Prints this help.",
    };
    help(what, lines);
}

void latency_latest(call &what) {
    what.reply().array(0);
}

void latency_reset(call &what) {
    what.reply().integer(0);
}

// --- INFO --------------------------------------------------------------------------------------

namespace {

struct info_section {
    std::string_view name;  // as clients say it
    std::string text;       // with its heading; empty if there is nothing to say
};

std::int64_t uptime(const gateway &in) {
    return std::chrono::duration_cast<std::chrono::seconds>(gateway::clock::now() - in.started)
        .count();
}

std::string about_server(const gateway &in) {
    std::ostringstream text;
    text << "# Server\r\nredis_version:" << redis_version << "\r\nredis_mode:standalone\r\n"
         << "kvstore_version:" << KV_VERSION << "\r\nos:Linux\r\narch_bits:" << sizeof(void *) * 8
         << "\r\nmultiplexing_api:epoll\r\nprocess_id:" << getpid()
         << "\r\nuptime_in_seconds:" << uptime(in) << "\r\nuptime_in_days:" << uptime(in) / 86400
         << "\r\n";
    return text.str();
}

std::string about_clients(gateway &in) {
    std::size_t listening = 0;
    for (const auto &[number, one] : in.clients)
        listening += one->subscriptions() > 0 ? 1 : 0;
    std::ostringstream text;
    text << "# Clients\r\nconnected_clients:" << in.clients.size()
         << "\r\nmaxclients:" << in.told.max_clients << "\r\nblocked_clients:0\r\n"
         << "pubsub_clients:" << listening << "\r\n";
    return text.str();
}

// What it holds for clients; what the server has is the server's.
std::string about_memory(gateway &in) {
    std::size_t used = 0;
    for (const auto &[number, one] : in.clients)
        used += one->requests.memory() + one->unsent() + one->its_transaction.bytes;
    std::ostringstream text;
    text << "# Memory\r\nused_memory:" << used << "\r\nmaxmemory:0\r\n"
         << "maxmemory_policy:noeviction\r\n";
    return text.str();
}

std::string about_traffic(gateway &in) {
    const counters &counted = in.counted;
    std::size_t backends = 0;
    in.its_roles.for_each([&](role &one) { backends += one.open_backends(); });
    std::ostringstream text;
    text << "total_connections_received:" << counted.connections
         << "\r\ntotal_commands_processed:" << counted.commands
         << "\r\ninstantaneous_ops_per_sec:" << in.commands_a_second
         << "\r\ntotal_net_input_bytes:" << counted.bytes_in
         << "\r\nrejected_connections:" << counted.rejected
         << "\r\ntotal_error_replies:" << counted.errors
         << "\r\nacl_access_denied_auth:" << counted.failed_logins
         << "\r\nkvstore_backends:" << backends << "\r\nkvstore_batches:" << counted.batches
         << "\r\nkvstore_sections:" << counted.sections
         << "\r\nkvstore_handed_back:" << counted.handed_back
         << "\r\nkvstore_failed_batches:" << counted.batch_errors
         << "\r\nkvstore_lost_backends:" << counted.lost_backends << "\r\n";
    return text.str();
}

// The part of the server's that has this heading, with it.
std::string_view part_of(std::string_view all, std::string_view heading) {
    const std::size_t begin = all.find(heading);
    if (begin == all.npos)
        return {};
    const std::size_t end = all.find("\r\n#", begin + 1);
    return all.substr(begin, end == all.npos ? end : end + 2 - begin);
}

// What the interpreter says of itself; nothing if the server cannot be asked.
task<std::string> ask_server(call &what) {
    client &one = what.from;
    std::string reply;
    one.work.commands.begin(2, one.database);
    const std::string_view command[] = {"_INFO"};
    one.work.commands.add(command);
    one.work.replies = &reply;
    co_await carry_out(what);
    one.work.commands.begin(one.protocol, one.database);
    const std::size_t end = reply.find("\r\n");
    if (!reply.starts_with('$') || end == reply.npos || reply.size() < end + 4)
        co_return "";
    co_return reply.substr(end + 2, reply.size() - end - 4);
}

bool is_wanted(const call &what, std::string_view name) {
    if (what.arguments.size() == 1)
        return true;
    for (std::size_t i = 1; i < what.arguments.size(); i++)
        if (what.has(i, name) || what.has(i, "default") || what.has(i, "all") ||
            what.has(i, "everything"))
            return true;
    return false;
}

std::string trimmed(std::string_view text) {
    while (text.ends_with("\r\n\r\n"))
        text.remove_suffix(2);
    return std::string(text);
}

}  // namespace

task<void> info(call &what) {
    const std::string told = co_await ask_server(what);
    std::string stats = trimmed(part_of(told, "# Stats"));
    if (stats.empty())
        stats = "# Stats\r\n";
    const info_section sections[] = {
        {"server", about_server(what.in)},
        {"clients", about_clients(what.in)},
        {"memory", about_memory(what.in)},
        {"persistence", trimmed(part_of(told, "# Persistence"))},
        {"stats", stats + about_traffic(what.in)},
        {"replication", trimmed(part_of(told, "# Replication"))},
        {"cluster", "# Cluster\r\ncluster_enabled:0\r\n"},
        {"keyspace", trimmed(part_of(told, "# Keyspace"))},
    };
    std::string shown;
    for (const info_section &each : sections)
        if (!each.text.empty() && is_wanted(what, each.name))
            shown.append(shown.empty() ? "" : "\r\n").append(each.text);
    what.reply().verbatim(shown);
}

}  // namespace kvstore::gateway
