#include "command_line.hpp"

#include <algorithm>
#include <cctype>
#include <functional>

#include "errors.hpp"
#include "help.hpp"
#include "numbers.hpp"

namespace kv {

namespace {

using words_of_line = std::vector<std::string>;

// --- What a word says ---------------------------------------------------------------------------

void read(const std::string &word, std::string &into) {
    into = word;
}
void read(const std::string &word, std::optional<std::string> &into) {
    into = word;
}
void read(const std::string &word, std::vector<std::string> &into) {
    into.push_back(word);
}
void read(const std::string &word, std::optional<std::int64_t> &into) {
    into = integer_of(word);
    if (!into)
        throw input_error("not an integer of 64 bits: '" + word + "'");
}
void read(const std::string &word, double &into) {
    const std::optional<double> number = decimal_of(word);
    if (!number)
        throw input_error("not a number: '" + word + "'");
    into = *number;
}
void read(const std::string &, bool &into) {
    into = true;
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

void require_one_of(const std::vector<std::string> &all, const std::string &word) {
    if (all.empty() || std::ranges::find(all, word) != all.end())
        return;
    std::string names;
    for (const std::string &each : all)
        names += (names.empty() ? "" : ", ") + each;
    throw input_error("'" + word + "' is not one of " + names);
}

template <class Into>
void read_into(const parameter<Into> &what, const std::string &word, Into &into) {
    if (!what.is_value && word.find('\0') != word.npos)
        throw input_error("a zero byte can only be in a value");
    require_one_of(what.one_of, word);
    std::visit([&](auto member) { read(word, into.*member); }, what.into);
    if (const auto *number = std::get_if<double Into::*>(&what.into))
        require_within_bounds(what, into.**number);
    else if (const auto *whole = std::get_if<std::optional<std::int64_t> Into::*>(&what.into))
        require_within_bounds(what, static_cast<double>(*(into.**whole)));
}

// --- Which word is for what ---------------------------------------------------------------------

// Whether --store is one of the names "-s,--store".
bool has_name(std::string_view names, std::string_view name) {
    const std::size_t end = names.find(',');
    return names.substr(0, end) == name ||
           (end != names.npos && has_name(names.substr(end + 1), name));
}

// An option or an argument, whatever it is of.
struct place {
    std::string names;
    bool takes_word;  // it is no flag
    bool takes_several;
    bool required;
    std::function<void(const std::string &)> read;
    bool is_filled = false;

    bool is_option() const { return names.front() == '-'; }
    std::string name() const { return std::string(is_option() ? long_name(names) : names); }

    void fill(const std::string &word) try {
        if (is_filled && takes_word && !takes_several)
            throw input_error("given twice");
        read(word);
        is_filled = true;
    } catch (const input_error &problem) {
        throw input_error(name() + ": " + problem.what());
    }
};

template <class Into>
place place_of(const parameter<Into> &what, Into &into) {
    return {.names = what.name,
            .takes_word = !std::holds_alternative<bool Into::*>(what.into),
            .takes_several = std::holds_alternative<std::vector<std::string> Into::*>(what.into),
            .required = what.required,
            .read = [&](const std::string &word) { read_into(what, word, into); }};
}

[[noreturn]] void refuse_option(const std::string &word) {
    throw input_error("not an option: '" + word + "'; what begins with a minus comes after --");
}

// Takes each word as it is to its place. Nothing in it is looked for but the minus of an option:
// words are data, of which CLI11 has a meaning of its own for [a,b], {} and %%, and getopt for -5.
class line_reader {
  public:
    template <class Into>
    void know(std::span<const parameter<Into>> all, Into &into) {
        for (const parameter<Into> &each : all)
            (each.is_option() ? options_ : arguments_).push_back(place_of(each, into));
    }

    void read(const words_of_line &words) {
        end_ = words.end();
        for (word_ = words.begin(); word_ != end_; ++word_)
            if (*word_ == "--")
                return read_arguments(++word_);
            else if (is_option(*word_))
                read_option(*word_);
            else
                read_argument(*word_);
        require_all();
    }

  private:
    // Not "-", nor -5 and -.5.
    static bool is_option(const std::string &word) {
        const std::size_t digit = word.starts_with("-.") ? 2 : 1;
        return word.starts_with('-') && word != "-" &&
               (word.size() <= digit || std::isdigit(static_cast<unsigned char>(word[digit])) == 0);
    }

    void read_arguments(words_of_line::const_iterator from) {
        for (word_ = from; word_ != end_; ++word_)
            read_argument(*word_);
        require_all();
    }

    void read_argument(const std::string &word) {
        const auto is_free = [](const place &each) {
            return !each.is_filled || each.takes_several;
        };
        const auto free = std::ranges::find_if(arguments_, is_free);
        if (free == arguments_.end())
            throw input_error("not expected: '" + word + "'");
        free->fill(word);
    }

    // "--store NAME", "--store=NAME", "-s NAME", "-sNAME"
    void read_option(const std::string &word) {
        const bool is_long = word.starts_with("--");
        const std::size_t end = is_long ? std::min(word.find('='), word.size()) : 2;
        const auto meant = std::ranges::find_if(
            options_, [&](const place &each) { return has_name(each.names, word.substr(0, end)); });
        if (meant == options_.end() || (!meant->takes_word && end < word.size()))
            refuse_option(word);
        if (!meant->takes_word)
            return meant->fill("");
        if (end < word.size()) {
            if (!is_long && joined_.empty())
                joined_ = word;
            return meant->fill(word.substr(is_long ? end + 1 : end));
        }
        if (++word_ == end_)
            throw input_error(meant->name() + ": it takes a word, and there is none");
        meant->fill(*word_);
    }

    // "-pass" is -p with its value. If something is missing, it was probably not meant so.
    void require_all() const {
        for (const place &each : arguments_)
            if (each.required && !each.is_filled) {
                if (!joined_.empty())
                    refuse_option(joined_);
                throw input_error(each.names + " is required");
            }
    }

    std::vector<place> options_;
    std::vector<place> arguments_;
    words_of_line::const_iterator word_;
    words_of_line::const_iterator end_;
    std::string joined_;  // the first option that has its value in the same word
};

// --- Which word is the command ------------------------------------------------------------------

// Whether the word after this one belongs to it: "--store", "-s", but not "--store=x", "-sx".
bool takes_next(std::string_view word, std::span<const option> known) {
    return std::ranges::any_of(known, [&](const option &each) {
        return each.takes != nullptr && has_name(each.name, word);
    });
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

// Nothing, or "-", would be the extension's own.
void require_name_of_store(const char *option, const std::optional<std::string> &name) {
    if (name == "" || name == "-")
        throw input_error(std::string(option) + ": '" + *name + "' is not the name of a store");
}

}  // namespace

const command &parse(const words_of_line &line, std::span<const option> known, options &into,
                     arguments &given) {
    words_of_line words = line;
    const auto word = command_word(words, known);
    if (has_flag(words, "--help")) {
        if (word != words.end())
            given.name = *word;
        return find_command("help");
    }
    if (has_flag(words, "--version"))
        return find_command("version");

    line_reader reader;
    reader.know(known, into);
    const command *what = nullptr;
    if (word != words.end()) {
        what = &find_command(*word);
        reader.know(std::span(what->takes), given);
        words.erase(word);
    }
    try {
        reader.read(words);
        require_name_of_store("--store", into.store);
        require_name_of_store("--to", given.to_store);
    } catch (const input_error &problem) {
        throw input_error(std::string(problem.what()) + "\nUsage: kv " +
                          (what != nullptr ? usage(*what) : "[OPTIONS] COMMAND [ARGUMENTS]"));
    }
    if (what == nullptr)
        throw input_error("which command? kv --help lists them");
    return *what;
}

}  // namespace kv
