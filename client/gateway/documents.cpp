// Writes the manual page and systemd's unit: the file of the first argument, in which @NAME@ stands
// for what the program knows of itself, to that of the second. The third is the program's path.
#include "../cmake/documents.hpp"

#include <string>

#include "options.hpp"

namespace {

std::string manual_options() {
    std::string page;
    for (const kvstore::gateway::option &each : kvstore::gateway::options()) {
        const std::string standard = default_of(each);
        page +=
            documents::manual_item(std::string("--") + each.name +
                                       (each.takes == nullptr ? "" : std::string(" ") + each.takes),
                                   each.help + (standard.empty() ? "" : " (" + standard + ")"));
    }
    return page;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    return documents::write(argv[1], argv[2],
                            {{"@VERSION@", KV_VERSION},
                             {"@PROGRAM@", argv[3]},
                             {"@MANUAL_OPTIONS@\n", manual_options()}});
}
