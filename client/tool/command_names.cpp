// Which command a name means, and which one may have been meant.
#include <algorithm>
#include <cctype>

#include "command_line.hpp"
#include "errors.hpp"

namespace kv {

namespace {

// SETEX, set-ex, set_ex and kv_set_ex are all setex.
std::string plain(std::string_view name) {
    std::string letters;
    for (const char each : name)
        if (each != '-' && each != '_')
            letters += static_cast<char>(std::tolower(static_cast<unsigned char>(each)));
    const bool as_in_sql = name.size() > 3 && letters.starts_with("kv") && name[2] == '_';
    return as_in_sql ? letters.substr(2) : letters;
}

// How many letters to add, to leave out or to change makes the one of the other.
std::size_t distance(std::string_view one, std::string_view other) {
    std::vector<std::size_t> row(other.size() + 1);
    for (std::size_t j = 0; j <= other.size(); j++)
        row[j] = j;
    for (std::size_t i = 1; i <= one.size(); i++) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= other.size(); j++) {
            const std::size_t changed = diagonal + (one[i - 1] != other[j - 1] ? 1 : 0);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
        }
    }
    return row.back();
}

// A third of the letters may be wrong, one at least.
std::string nearest(const std::string &name) {
    std::string best;
    std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
    const auto consider = [&](const char *candidate) {
        if (const std::size_t apart = distance(name, candidate); apart < least) {
            least = apart;
            best = candidate;
        }
    };
    for (const command &each : commands()) {
        consider(each.name);
        for (const char *alias : each.aliases)
            consider(alias);
    }
    return best;
}

}  // namespace

std::string_view long_name(std::string_view names) {
    return names.substr(names.rfind("--"));
}

const command &find_command(std::string_view name) {
    const std::string wanted = plain(name);
    const auto is_named = [&](const command &each) {
        return each.name == wanted || std::ranges::find(each.aliases, wanted) != each.aliases.end();
    };
    const auto found = std::ranges::find_if(commands(), is_named);
    if (found != commands().end())
        return *found;
    const std::string meant = nearest(wanted);
    throw input_error("there is no command '" + std::string(name) + "'" +
                      (meant.empty() ? "; kv --help lists them" : "; did you mean " + meant + "?"));
}

}  // namespace kv
