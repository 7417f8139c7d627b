// COMMAND: what the table of commands says.

#include <algorithm>

#include "redis/handlers.hpp"
#include "rules/behind.hpp"
#include "rules/glob.hpp"
#include "rules/integer.hpp"
#include "rules/redis_commands.hpp"

namespace kvstore::redis::handlers {

namespace {

using one_command = redis::command;

std::size_t number_of_commands() {
    std::size_t count = 0;
    for (const one_command &each : commands)
        count += each.is_subcommand() ? 0 : 1;
    return count;
}

struct named_flag {
    flag is;
    std::string_view name;
};
constexpr named_flag flag_names[] = {
    {flag::write, "write"},     {flag::readonly, "readonly"}, {flag::denyoom, "denyoom"},
    {flag::admin, "admin"},     {flag::pubsub, "pubsub"},     {flag::noscript, "noscript"},
    {flag::loading, "loading"}, {flag::stale, "stale"},       {flag::fast, "fast"},
    {flag::no_auth, "no_auth"},
};

// Calls `visit` with each category of Redis's ACL that the command is in.
template <class Visit>
void categories_of(const one_command &one, Visit visit) {
    if (one.about == group::generic && one.name != "wait")
        visit("@keyspace");
    if (has(one.flags, flag::readonly))
        visit("@read");
    if (has(one.flags, flag::write))
        visit("@write");
    if (one.about == group::string)
        visit("@string");
    if (has(one.flags, flag::pubsub))
        visit("@pubsub");
    if (has(one.flags, flag::admin))
        visit("@admin");
    visit(has(one.flags, flag::fast) ? "@fast" : "@slow");
    if (has(one.flags, flag::admin) || has(one.flags, flag::dangerous))
        visit("@dangerous");
    if (one.about == group::connection)
        visit("@connection");
    if (one.about == group::transactions)
        visit("@transaction");
}

// The subcommands stand behind their container.
arguments::size_type subcommands_of(const one_command &container) {
    std::size_t count = 0;
    if (is_container(container))
        for (const one_command *next = &container + 1;
             next < commands.data() + commands.size() && next->is_subcommand(); next++)
            count++;
    return count;
}

void describe(execution &x, const one_command &one) {
    x.out.array(10);
    x.out.bulk(one.name);
    x.out.integer(one.arity);
    std::size_t count = 0;
    for (const named_flag &each : flag_names)
        count += has(one.flags, each.is) ? 1 : 0;
    x.out.set(count);
    for (const named_flag &each : flag_names)
        if (has(one.flags, each.is))
            x.out.simple(each.name);
    x.out.integer(one.keys.first);
    x.out.integer(one.keys.last);
    x.out.integer(one.keys.step);
    count = 0;
    categories_of(one, [&](std::string_view) { count++; });
    x.out.set(count);
    categories_of(one, [&](std::string_view name) { x.out.simple(name); });
    x.out.set(0);  // tips
    x.out.set(0);  // key specifications
    x.out.set(subcommands_of(one));
    for (std::size_t i = 1; i <= subcommands_of(one); i++)
        describe(x, (&one)[i]);
}

void document(execution &x, const one_command &one) {
    std::size_t subcommands = subcommands_of(one);
    x.out.bulk(one.name);
    x.out.map(subcommands > 0 ? 4 : 3);
    x.out.bulk("summary");
    x.out.bulk(one.summary);
    x.out.bulk("since");
    x.out.bulk(one.since);
    x.out.bulk("group");
    x.out.bulk(name_of(one.about));
    if (subcommands == 0)
        return;
    x.out.bulk("subcommands");
    x.out.map(subcommands);
    for (std::size_t i = 1; i <= subcommands; i++)
        document(x, (&one)[i]);
}

// A command by its full name, "get" or "client|id".
const one_command *find_by_full_name(std::string_view name) {
    std::size_t bar = name.find('|');
    return bar == std::string_view::npos ? find_command(name)
                                         : find_command(name.substr(0, bar), behind(name, bar + 1));
}

// Has `use` use each command, without subcommands.
template <class Use>
void for_each_command(Use use) {
    for (const one_command &each : commands)
        if (!each.is_subcommand())
            use(each);
}

// Has `use` use each argument that is a key of the command; whether it has any.
template <class Use>
bool for_each_key(const one_command &one, arguments given, Use use) {
    auto size = static_cast<std::int64_t>(given.size());
    if (one.name == "msetex") {
        std::optional<std::int64_t> count = parse_strict_integer(given[1]);
        if (!count || *count <= 0 || *count > (size - 2) / 2)
            return false;
        for (std::int64_t i = 0; i < *count; i++)
            use(given[static_cast<std::size_t>(2 + 2 * i)]);
        return true;
    }
    if (one.keys.first == 0)
        return false;
    std::int64_t last = one.keys.last < 0 ? size + one.keys.last : one.keys.last;
    for (std::int64_t at = one.keys.first; at <= last && at < size; at += one.keys.step)
        use(given[static_cast<std::size_t>(at)]);
    return true;
}

// The command of the arguments behind COMMAND GETKEYS; nullptr, and an error for an answer.
const one_command *called_command(execution &x, arguments call) {
    redis::call made = resolve(call);
    if (made.fault == call_fault::unknown || made.fault == call_fault::unknown_subcommand)
        x.out.error("ERR Invalid command specified");
    else if (made.of->keys.first == 0 && made.of->name != "msetex")
        x.out.error("ERR The command has no key arguments");
    else if (made.fault == call_fault::wrong_arity)
        x.out.error("ERR Invalid number of arguments specified for command");
    else
        return made.of;
    return nullptr;
}

// What becomes of the keys.
constexpr std::string_view access_flags(const one_command &one) {
    if (has(one.flags, flag::readonly))
        return "RO access";
    if (one.name == "del" || one.name == "unlink")
        return "RM delete";
    return one.name == "set" || one.name == "mset" ? "OW update" : "RW access update";
}

template <class Answer>
void answer_keys(execution &x, arguments call, Answer answer) {
    const one_command *one = called_command(x, call);
    if (one == nullptr)
        return;
    std::size_t count = 0;
    if (!for_each_key(*one, call, [&](std::string_view) { count++; }))
        return x.out.error("ERR Invalid arguments specified for command");
    x.out.array(count);
    for_each_key(*one, call, [&](std::string_view key) { answer(*one, key); });
}

}  // namespace

void command(execution &x, arguments) {
    x.out.array(number_of_commands());
    for_each_command([&](const one_command &each) { describe(x, each); });
}

void command_count(execution &x, arguments) {
    x.out.integer(static_cast<std::int64_t>(number_of_commands()));
}

void command_info(execution &x, arguments given) {
    if (given.size() == 2)
        return command(x, given);
    x.out.array(given.size() - 2);
    for (std::string_view name : given.subspan(2))
        if (const one_command *found = find_by_full_name(name))
            describe(x, *found);
        else
            x.out.null();
}

// Names that there are not are left out.
void command_docs(execution &x, arguments given) {
    if (given.size() == 2) {
        x.out.map(number_of_commands());
        return for_each_command([&](const one_command &each) { document(x, each); });
    }
    std::size_t known = 0;
    for (std::string_view name : given.subspan(2))
        known += find_by_full_name(name) != nullptr ? 1 : 0;
    x.out.map(known);
    for (std::string_view name : given.subspan(2))
        if (const one_command *found = find_by_full_name(name))
            document(x, *found);
}

void command_getkeys(execution &x, arguments given) {
    answer_keys(x, given.subspan(2),
                [&](const one_command &, std::string_view key) { x.out.bulk(key); });
}

void command_getkeysandflags(execution &x, arguments given) {
    answer_keys(x, given.subspan(2), [&](const one_command &one, std::string_view key) {
        std::string_view all = access_flags(one);
        x.out.array(2);
        x.out.bulk(key);
        x.out.set(static_cast<std::size_t>(std::count(all.begin(), all.end(), ' ')) + 1);
        for (std::size_t end = 0; !all.empty(); all.remove_prefix(Min(end + 1, all.size()))) {
            end = Min(all.find(' '), all.size());
            x.out.simple(all.substr(0, end));
        }
    });
}

void command_list(execution &x, arguments given) {
    bool filters = given.size() == 5 && is_word(given[2], "filterby");
    bool by_pattern = filters && is_word(given[3], "pattern");
    bool by_category = filters && is_word(given[3], "aclcat");
    bool by_module = filters && is_word(given[3], "module");
    if (given.size() != 2 && !by_pattern && !by_category && !by_module)
        return x.out.error(syntax_error);
    auto is_wanted = [&](const one_command &each) {
        if (by_pattern)
            return glob_matches(given[4], each.name);
        bool found = !filters;
        if (by_category)
            categories_of(
                each, [&](std::string_view name) { found |= is_word(given[4], behind(name, 1)); });
        return found;
    };
    std::size_t count = 0;
    for (const one_command &each : commands)
        count += is_wanted(each) ? 1 : 0;
    x.out.array(count);
    for (const one_command &each : commands)
        if (is_wanted(each))
            x.out.bulk(each.name);
}

void command_help(execution &x, arguments) {
    constexpr std::string_view help[] = {
        "COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "(no subcommand)",
        "    All commands, with their arities, flags and keys.",
        "COUNT",
        "    How many commands there are.",
        "LIST [FILTERBY (MODULE <name> | ACLCAT <category> | PATTERN <pattern>)]",
        "    The names of the commands.",
        "INFO [<command> ...]",
        "    About some commands, or all of them.",
        "DOCS [<command> ...]",
        "    What commands do.",
        "GETKEYS <command> [<arg> ...]",
        "    The keys among a command's arguments.",
        "GETKEYSANDFLAGS <command> [<arg> ...]",
        "    The same, and what becomes of them.",
        "HELP",
        "    Prints this help.",
    };
    x.out.lines(help);
}

}  // namespace kvstore::redis::handlers
