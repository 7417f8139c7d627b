// Writes the manual page: reads the file of the first argument, and puts the commands and the
// options, which only the program knows, where it says .COMMANDS and .OPTIONS. The second argument
// is the file to write.
#include <fstream>

#include "command_line.hpp"

namespace {

// A hyphen is another character than a minus, and a line that begins with . or ' is an order.
std::string roff(const std::string &text) {
    std::string escaped = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
    for (const char c : text)
        if (c == '-')
            escaped += "\\-";
        else if (c == '\\')
            escaped += "\\e";
        else
            escaped += c;
    return escaped;
}

void write_item(std::ostream &page, const std::string &term, const std::string &text) {
    page << ".TP\n.B " << roff(term) << '\n' << roff(text) << '\n';
}

std::vector<const CLI::Option *> options_of(const CLI::App &app) {
    return app.get_options();
}

// "--ttl TTL", "KEY ..."
std::string described(const CLI::Option &option) {
    std::string text = option.get_name(option.get_positional(), true);
    if (option.get_positional() && option.get_expected_max() > 1)
        text += " ...";
    if (!option.get_type_name().empty())
        text += " " + option.get_type_name();
    return text;
}

// "setex KEY TTL VALUE", "scan [PREFIX] [--max N]"
std::string usage(const kv::command &what) {
    kv::arguments ignored;
    CLI::App app;
    app.set_help_flag();
    kv::declare(app, what, ignored);
    std::string line = what.name;
    for (const CLI::Option *option : options_of(app))
        line += option->get_required() ? " " + described(*option) : " [" + described(*option) + "]";
    return line;
}

void write_commands(std::ostream &page) {
    for (const kv::command &each : kv::commands()) {
        std::string text = each.help;
        for (const std::string &alias : each.aliases)
            text += "; also " + alias;
        write_item(page, usage(each), text + ".");
    }
}

void write_options(std::ostream &page) {
    kv::options ignored_options;
    kv::arguments ignored;
    const auto app = kv::make_command_line(ignored_options, ignored);
    for (const CLI::Option *option : options_of(*app))
        write_item(page, described(*option), option->get_description() + ".");
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    std::ifstream from(argv[1]);
    std::ofstream page(argv[2]);
    for (std::string line; std::getline(from, line);)
        if (line == ".COMMANDS")
            write_commands(page);
        else if (line == ".OPTIONS")
            write_options(page);
        else
            page << line << '\n';
    page.close();
    return page ? 0 : 2;
}
