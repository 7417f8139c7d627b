// The only file that includes CLI11, which takes as long to compile as all the others.
#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <typeinfo>

#include "errors.hpp"
#include "help.hpp"
#include "numbers.hpp"

namespace kv {

namespace {

// --- Telling CLI11 what there is ----------------------------------------------------------------

// A number of the command line, within its bounds. Not read by CLI11, to which 010 is 8 and what is
// too large is the largest there is.
void read_number(const std::string &word, std::optional<std::int64_t> &into) {
    into = integer_of(word);
    if (!into)
        throw input_error("not an integer of 64 bits: '" + word + "'");
}
void read_number(const std::string &word, double &into) {
    const std::optional<double> number = decimal_of(word);
    if (!number)
        throw input_error("not a number: '" + word + "'");
    into = *number;
}

template <class Into>
void require_within_bounds(const parameter<Into> &what, double number) {
    const auto whole = [](double bound) {
        return std::to_string(static_cast<std::int64_t>(bound));
    };
    if (number < what.least)
        throw input_error("must be at least " + whole(what.least));
    if (number > what.most)
        throw input_error("must be at most " + whole(what.most));
}

template <class Into, class Number>
CLI::Option *add_number(CLI::App &app, const parameter<Into> &what, Number &into) {
    return app.add_option_function<std::string>(what.name, [&](const std::string &word) {
        try {
            read_number(word, into);
            if constexpr (std::is_same_v<Number, double>)
                require_within_bounds(what, into);
            else
                require_within_bounds(what, static_cast<double>(*into));
        } catch (const input_error &problem) {
            throw CLI::ValidationError(what.name, problem.what());
        }
    });
}

template <class Into>
void declare_one(CLI::App &app, const parameter<Into> &what, Into &into) {
    const auto add = [&](auto member) {
        auto &value = into.*member;
        using type = std::remove_reference_t<decltype(value)>;
        if constexpr (std::is_same_v<type, bool>)
            return app.add_flag(what.name, value);
        else if constexpr (std::is_same_v<type, double> ||
                           std::is_same_v<type, std::optional<std::int64_t>>)
            return add_number(app, what, value);
        else
            return app.add_option(what.name, value);
    };
    CLI::Option *declared = std::visit(add, what.into)->required(what.required);
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

template <class Into>
const parameter<Into> *option_named(std::string_view name, std::span<const parameter<Into>> among) {
    const auto is_meant = [&](const parameter<Into> &each) {
        const std::string names = "," + std::string(each.name) + ",";
        return each.is_option() && names.find("," + std::string(name) + ",") != names.npos;
    };
    const auto found = std::ranges::find_if(among, is_meant);
    return found != among.end() ? &*found : nullptr;
}

// Whether the word after this one belongs to it: "--store", "-s", but not "--store=x", "-sx".
template <class Into>
bool takes_next(std::string_view word, std::span<const parameter<Into>> known) {
    const parameter<Into> *meant = option_named(word, known);
    return meant != nullptr && meant->takes != nullptr;
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

// A word that looks like an option and is none, or nothing. "-pass" may be one, -p with its value:
// it counts if something else is missing.
std::string no_option(const words_of_line &words, std::span<const option> known,
                      std::span<const argument> own, bool is_something_missing) {
    for (auto word = words.begin(); word != words.end() && *word != "--"; word++) {
        const bool is_number = word->size() > 1 && std::isdigit((*word)[1]) != 0;
        if (!word->starts_with('-') || *word == "-" || is_number)
            continue;
        const std::string name = word->substr(0, word->find('='));
        if (option_named(name, known) != nullptr || option_named(name, own) != nullptr) {
            if ((takes_next(*word, known) || takes_next(*word, own)) && ++word == words.end())
                break;
            continue;
        }
        const bool is_short = (*word)[1] != '-' && option_named(word->substr(0, 2), known);
        if (!is_short || is_something_missing)
            return *word;
    }
    return "";
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
    try {
        app.parse(words_of_line(words.rbegin(), words.rend()));  // as CLI11 takes them
    } catch (const CLI::ParseError &problem) {
        const bool is_something_missing = typeid(problem) == typeid(CLI::RequiredError);
        const std::string wrong = no_option(
            words, known, what != nullptr ? std::span(what->takes) : std::span<const argument>(),
            is_something_missing);
        throw input_error(
            (wrong.empty()
                 ? problem.what()
                 : "not an option: '" + wrong + "'; what begins with a minus comes after --") +
            "\nUsage: kv " + (what != nullptr ? usage(*what) : "[OPTIONS] COMMAND [ARGUMENTS]"));
    }
    if (what == nullptr)
        throw input_error("which command? kv --help lists them");
    if (into.store == "" || into.store == "-")
        throw input_error("--store: '" + *into.store + "' is not the name of a store");
    return *what;
}

}  // namespace kv
