#include "help.hpp"

#include <algorithm>

namespace kv {

namespace {

// "-s,--store" as people read it.
std::string with_blanks(std::string_view names) {
    std::string spaced;
    for (const char each : names)
        spaced += each == ',' ? std::string(", ") : std::string(1, each);
    return spaced;
}

// Terms to the left, what they mean to the right.
std::string columns(const std::vector<item> &items) {
    std::size_t width = 0;
    for (const item &each : items)
        width = std::max(width, each.term.size());
    std::string text;
    for (const item &each : items)
        text +=
            "  " + each.term + std::string(width + 2 - each.term.size(), ' ') + each.meaning + "\n";
    return text;
}

std::string section(const char *title, const std::vector<item> &items) {
    std::string text;
    if (!items.empty())
        text.append("\n").append(title).append(":\n").append(columns(items));
    return text;
}

std::string other_names(const command &what) {
    std::string text;
    for (const char *alias : what.aliases)
        text += (text.empty() ? "; also " : ", ") + std::string(alias);
    return text;
}

std::string help_of_program() {
    std::vector<item> names, names_of_redis;
    for (const command &each : commands())
        (each.only_in_redis ? names_of_redis : names).push_back({each.name, each.help});
    return "Works with the key-value stores of kvstore in PostgreSQL.\n"
           "Usage: kv [OPTIONS] COMMAND [ARGUMENTS]\n" +
           section("Commands", names) + section("As Redis calls them", names_of_redis) +
           section("Options", described_options()) +
           "\nWhat begins with a minus and is no option comes after --: kv set k -- -v\n"
           "Exit status: 0, or 1 if there is no such entry, or 2 after an error.\n"
           "kv help COMMAND, or man kv, says more.\n";
}

std::string help_of(const command &what) {
    std::vector<item> positional, optional;
    for (const argument &each : what.takes)
        (each.is_option() ? optional : positional).push_back(described(each));
    return std::string(what.help) + other_names(what) + "\nUsage: kv " + usage(what) + "\n" +
           section("Arguments", positional) + section("Options", optional);
}

}  // namespace

template <class Into>
item described(const parameter<Into> &what) {
    std::string term = with_blanks(what.name);
    if (std::holds_alternative<std::vector<std::string> Into::*>(what.into) && !what.usage)
        term += " ...";
    if (what.takes != nullptr)
        term += std::string(" ") + what.takes;
    return {term, what.help};
}

template item described(const argument &);
template item described(const option &);

std::string usage(const command &what) {
    std::string line = what.name;
    for (const argument &each : what.takes) {
        const std::string term = each.usage != nullptr ? each.usage : described(each).term;
        const bool is_optional = !each.required && each.usage == nullptr;
        line += is_optional ? " [" + term + "]" : " " + term;
    }
    return line;
}

std::vector<item> described_commands() {
    std::vector<item> items;
    for (const command &each : commands())
        items.push_back({usage(each), each.help + other_names(each)});
    return items;
}

std::vector<item> described_options() {
    std::vector<item> items;
    for (const option &each : program_options())
        items.push_back(described(each));
    return items;
}

std::string help_text(const std::string &command_name) {
    return command_name.empty() ? help_of_program() : help_of(find_command(command_name));
}

}  // namespace kv
