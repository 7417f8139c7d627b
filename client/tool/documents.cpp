// Writes the manual page and the completion for bash: the file of the first argument, in which
// @NAME@ stands for what the program knows of its commands and options, to that of the second.
#include "../cmake/documents.hpp"

#include <sstream>

#include "help.hpp"

namespace {

std::string manual_items(const std::vector<kv::item> &items) {
    std::string page;
    for (const kv::item &each : items)
        page += documents::manual_item(each.term, each.meaning);
    return page;
}

// --- For bash ----------------------------------------------------------------------------------

std::string command_names() {
    std::string names;
    for (const kv::command &each : kv::commands())
        names.append(names.empty() ? "" : " ").append(each.name);
    return names;
}

std::string option_names() {
    std::string names;
    for (const kv::option &each : kv::program_options())
        names.append(names.empty() ? "" : " ").append(kv::long_name(each.name));
    return names;
}

// Those with a value that bash cannot know: "-d | --dbname | -h | --host", or with the value in the
// same word: "-d?* | --dbname=* | -h?* | --host=*".
std::string options_with_unknown_values(bool joined) {
    std::string pattern;
    for (const kv::option &each : kv::program_options()) {
        if (each.takes == nullptr || kv::long_name(each.name) == "--store")
            continue;
        std::istringstream names(each.name);
        for (std::string name; std::getline(names, name, ',');) {
            pattern.append(pattern.empty() ? "" : " | ").append(name);
            if (joined)
                pattern.append(name.starts_with("--") ? "=*" : "?*");
        }
    }
    return pattern;
}

// "scan) options+=' --after --max --values' ;;"
std::string command_cases() {
    std::string cases;
    for (const kv::command &each : kv::commands()) {
        std::string own;
        for (const kv::argument &takes : each.takes)
            if (takes.is_option())
                own.append(" ").append(kv::long_name(takes.name));
        if (!own.empty())
            cases.append("            ")
                .append(each.name)
                .append(") options+='")
                .append(own)
                .append("' ;;\n");
    }
    return cases;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    return documents::write(
        argv[1], argv[2],
        {{"@VERSION@", KV_VERSION},
         {"@MANUAL_COMMANDS@\n", manual_items(kv::described_commands())},
         {"@MANUAL_OPTIONS@\n", manual_items(kv::described_options())},
         {"@COMMAND_NAMES@", command_names()},
         {"@OPTION_NAMES@", option_names()},
         {"@OPTIONS_WITH_UNKNOWN_VALUES@", options_with_unknown_values(false)},
         {"@OPTIONS_JOINED_WITH_THEIR_VALUES@", options_with_unknown_values(true)},
         {"@COMMAND_CASES@\n", command_cases()}});
}
