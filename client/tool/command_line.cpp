// The only file that includes CLI11, which takes as long to compile as all the others.
#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "errors.hpp"
#include "help.hpp"

namespace kv {

namespace {

// --- Telling CLI11 what there is ----------------------------------------------------------------

template <class Into>
void declare_one(CLI::App &app, const parameter<Into> &what, Into &into) {
    const auto add = [&](auto member) {
        auto &value = into.*member;
        if constexpr (std::is_same_v<decltype(value), bool &>)
            return app.add_flag(what.name, value);
        else
            return app.add_option(what.name, value);
    };
    CLI::Option *declared = std::visit(add, what.into)->required(what.required);
    if (what.least > std::numeric_limits<double>::lowest())
        declared->check(CLI::Range(what.least, what.most));
    if (!what.one_of.empty())
        declared->check(CLI::IsMember(what.one_of));
}

template <class Into>
void declare(CLI::App &app, std::span<const parameter<Into>> all, Into &into) {
    for (const parameter<Into> &each : all)
        declare_one(app, each, into);
}

// --- Which word is the command ------------------------------------------------------------------

using words_of_line = std::vector<std::string>;

// Whether the word after this one belongs to it: "--store", "-s", but not "--store=x", "-sx".
bool takes_next(std::string_view word, std::span<const option> known) {
    const auto is_meant = [&](const option &each) {
        const std::string names = "," + std::string(each.name) + ",";
        return each.takes != nullptr && names.find("," + std::string(word) + ",") != names.npos;
    };
    return std::ranges::any_of(known, is_meant);
}

words_of_line::iterator command_word(words_of_line &words, std::span<const option> known) {
    auto word = words.begin();
    while (word != words.end() && word->starts_with('-'))
        word += takes_next(*word, known) && word + 1 != words.end() ? 2 : 1;
    return word;
}

// Before "--", after which nothing is an option.
bool has_flag(const words_of_line &words, std::string_view flag) {
    const auto end = std::ranges::find(words, "--");
    return std::find(words.begin(), end, flag) != end;
}

}  // namespace

const command &parse(const words_of_line &line, std::span<const option> known, options &into,
                     arguments &given) {
    words_of_line words = line;
    const auto word = command_word(words, known);
    if (has_flag(words, "--help")) {
        given.name = word != words.end() ? *word : "";
        return find_command("help");
    }
    if (has_flag(words, "--version"))
        return find_command("version");

    if (has_flag(words, "--store="))  // which CLI11 takes for one without a value
        throw input_error("--store: '' is not the name of a store");
    const command *what = nullptr;
    if (word != words.end()) {
        what = &find_command(*word);
        words.erase(word);
    }
    CLI::App app;
    app.set_help_flag();
    declare(app, known, into);
    if (what != nullptr)
        declare(app, std::span(what->takes), given);
    std::ranges::reverse(words);  // as CLI11 takes them
    try {
        app.parse(words);
    } catch (const CLI::ParseError &problem) {
        throw input_error(std::string(problem.what()) + "\nUsage: kv " +
                          (what != nullptr ? usage(*what) : "[OPTIONS] COMMAND [ARGUMENTS]"));
    }
    if (what == nullptr)
        throw input_error("which command? kv --help lists them");
    if (into.store == "" || into.store == "-")
        throw input_error("--store: '" + *into.store + "' is not the name of a store");
    return *what;
}

}  // namespace kv
