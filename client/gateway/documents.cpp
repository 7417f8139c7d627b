// Writes the manual page and systemd's unit: the file of the first argument, in which @NAME@ stands
// for what the program knows of itself, to that of the second.
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "options.hpp"

namespace {

// A hyphen is another character than a minus.
std::string roff(const std::string &text) {
    std::string escaped;
    for (const char c : text)
        escaped += c == '-' ? "\\-" : c == '\\' ? "\\e" : std::string(1, c);
    return escaped;
}

std::string manual_options() {
    std::string page;
    for (const kvstore::gateway::option &each : kvstore::gateway::options()) {
        const std::string standard = default_of(each);
        page += ".TP\n.B " + roff(std::string("--") + each.name);
        if (each.takes != nullptr)
            page += std::string(" ") + each.takes;
        page +=
            "\n" + roff(each.help) + (standard.empty() ? "" : " (" + roff(standard) + ")") + ".\n";
    }
    return page;
}

std::string replaced(std::string text, const std::map<std::string, std::string> &meanings) {
    for (const auto &[name, meaning] : meanings)
        for (std::size_t at = text.find(name); at != text.npos; at = text.find(name))
            text.replace(at, name.size(), meaning);
    return text;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    std::ifstream from(argv[1], std::ios::binary);
    std::ofstream to(argv[2], std::ios::binary);
    to << replaced({std::istreambuf_iterator<char>(from), {}},
                   {{"@VERSION@", KV_VERSION},
                    {"@PROGRAM@", argv[3]},
                    {"@MANUAL_OPTIONS@\n", manual_options()}});
    to.close();
    return from && to ? 0 : 2;
}
