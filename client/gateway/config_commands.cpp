// CONFIG: what Redis's parameters are here. Most say how it is; a few can be set, by --admin-user.
#include <algorithm>
#include <set>

#include "open_files.hpp"
#include "options.hpp"
#include "own_command.hpp"
#include "rules/glob.hpp"
#include "rules/integer.hpp"

namespace kvstore::gateway {

namespace {

struct parameter {
    std::string_view name;
    std::string (*get)(const call &);
    void (*set)(gateway &, std::int64_t) = nullptr;    // those that are numbers
    const char *option_of_program = nullptr;           // likewise, with the same range
    std::string (*objection)(std::int64_t) = nullptr;  // to a number in that range, if there is one
};

template <class Number>
std::string text(Number number) {
    return std::to_string(number);
}

std::string too_many_clients(std::int64_t number) {
    if (static_cast<std::size_t>(number) <= most_clients())
        return "";
    return "The operating system is not able to handle the specified number of clients, try with " +
           text(most_clients());
}

// In the order of their names, as Redis has them or as there is no other way to be.
const parameter parameters[] = {
    {"appendfsync", [](const call &) -> std::string { return "everysec"; }},
    {"appendonly", [](const call &) -> std::string { return "no"; }},
    {"bind", [](const call &) -> std::string { return ""; }},
    {"databases", [](const call &what) { return text(what.from.as->backends.databases()); }},
    {"maxclients", [](const call &what) { return text(what.in.told.max_clients); },
     [](gateway &in, std::int64_t to) { in.told.max_clients = static_cast<std::size_t>(to); },
     "max-clients", too_many_clients},
    {"maxmemory", [](const call &) -> std::string { return "0"; }},
    {"maxmemory-policy", [](const call &) -> std::string { return "noeviction"; }},
    {"notify-keyspace-events", [](const call &) -> std::string { return ""; }},
    {"proto-max-bulk-len", [](const call &what) { return text(what.in.told.max_request); }},
    {"requirepass", [](const call &) -> std::string { return ""; }},
    {"save", [](const call &) -> std::string { return ""; }},
    {"slave-read-only", [](const call &) -> std::string { return "yes"; }},
    {"slowlog-log-slower-than",
     [](const call &what) { return text(what.in.told.slowlog_slower_than); },
     [](gateway &in, std::int64_t to) { in.told.slowlog_slower_than = to; }, "slowlog-slower-than"},
    {"slowlog-max-len", [](const call &what) { return text(what.in.told.slowlog_max_len); },
     [](gateway &in, std::int64_t to) {
         in.told.slowlog_max_len = static_cast<std::size_t>(to);
         in.slow.shorten_to(in.told.slowlog_max_len);
     },
     "slowlog-max-len"},
    {"timeout", [](const call &what) { return text(what.in.told.client_timeout); },
     [](gateway &in, std::int64_t to) { in.told.client_timeout = to; }, "client-timeout"},
};

std::string in_small_letters(std::string_view word) {
    std::string small(word);
    std::ranges::transform(small, small.begin(), redis::lower);
    return small;
}

const parameter *find_parameter(std::string_view name) {
    const auto found = std::ranges::find(parameters, in_small_letters(name), &parameter::name);
    return found != std::end(parameters) ? found : nullptr;
}

bool is_wanted(const call &what, std::string_view name) {
    return std::ranges::any_of(what.arguments.subspan(2), [&](std::string_view each) {
        return glob_matches(in_small_letters(each), name);
    });
}

}  // namespace

task<bool> ask_for_config(call &what) {
    if (!is_wanted(what, "databases"))
        co_return true;
    const std::int64_t databases = co_await ask_for_databases(what);
    co_return databases >= 0;
}

void config_get(call &what) {
    std::vector<const parameter *> shown;
    for (const parameter &each : parameters)
        if (is_wanted(what, each.name))
            shown.push_back(&each);
    what.reply().map(shown.size());
    for (const parameter *each : shown) {
        what.reply().bulk(each->name);
        what.reply().bulk(each->get(what));
    }
}

namespace {

void refuse_to_set(const call &what, std::size_t argument, const std::string &why) {
    std::string text = "ERR CONFIG SET failed (possibly related to argument ";
    what.reply().error(text.append(what.quoted(argument)).append(") - ").append(why));
}

// Whether all names are of parameters that can be set, each given once.
bool may_be_set(const call &what) {
    std::set<const parameter *> seen;
    for (std::size_t i = 2; i < what.arguments.size(); i += 2) {
        const parameter *which = find_parameter(what.arguments[i]);
        if (which == nullptr)
            what.reply().error("ERR Unknown option or number of arguments for CONFIG SET - " +
                               what.quoted(i));
        else if (which->set == nullptr)
            refuse_to_set(what, i, "can't set immutable config");
        else if (!seen.insert(which).second)
            refuse_to_set(what, i, "duplicate parameter");
        else
            continue;
        return false;
    }
    return true;
}

}  // namespace

// All or none.
void config_set(call &what) {
    if (!may_administer(what))
        return;
    if (what.arguments.size() % 2 == 1) {
        what.reply().error("ERR syntax error");
        return;
    }
    if (!may_be_set(what))
        return;
    for (const bool is_check : {true, false})
        for (std::size_t i = 2; i < what.arguments.size(); i += 2) {
            const parameter *which = find_parameter(what.arguments[i]);
            const auto refuse = [&](const std::string &why) { refuse_to_set(what, i, why); };
            const std::optional<std::int64_t> number = parse_integer(what.arguments[i + 1]);
            const option &its = find_option(which->option_of_program);
            if (!number)
                return refuse("argument couldn't be parsed into an integer");
            if (!its.is_in_range(*number))
                return refuse("argument must be between " + std::to_string(its.least) + " and " +
                              std::to_string(its.most) + " inclusive");
            if (which->objection != nullptr)
                if (const std::string why = which->objection(*number); !why.empty())
                    return refuse(why);
            if (!is_check)
                which->set(what.in, *number);
        }
    what.reply().ok();
}

void config_resetstat(call &what) {
    if (!may_administer(what))
        return;
    what.in.counted = {};
    what.in.commands_before = 0;
    what.reply().ok();
}

void config_rewrite(call &what) {
    if (may_administer(what))
        what.reply().error("ERR kvstore-redis does not write its configuration file");
}

void config_help(call &what) {
    static constexpr std::string_view lines[] = {
        "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "GET <pattern>",
        "    Return parameters matching the glob-like <pattern> and their values.",
        "SET <directive> <value>",
        "    Set the configuration <directive> to <value>.",
        "RESETSTAT",
        "    Reset statistics reported by the INFO command.",
        "REWRITE",
        "    Refused: the configuration file is the administrator's.",
        "HELP",
        "    Prints this help.",
    };
    help(what, lines);
}

}  // namespace kvstore::gateway
