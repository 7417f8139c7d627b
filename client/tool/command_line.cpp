#include "command_line.hpp"

#include <algorithm>

#include "errors.hpp"

namespace kv {

namespace {

void add_connection_options(CLI::App &app, connection_settings &into) {
    const auto add = [&](const char *names, const char *type, std::string &value,
                         const char *help) {
        app.add_option(names, value, help)->type_name(type)->group("Connection, as for psql");
    };
    add("-d,--dbname", "NAME", into.dbname, "database, connection string or URI");
    add("-h,--host", "HOST", into.host, "host, or folder of the socket");
    add("-p,--port", "PORT", into.port, "port");
    add("-U,--username", "NAME", into.user, "user");
    app.add_flag("-w,--no-password", into.never_ask, "do not ask for a password")
        ->group("Connection, as for psql");
}

void add_output_options(CLI::App &app, options &into) {
    app.add_option("-s,--store", into.store, "the store to work on [kv_store]")->type_name("NAME");
    app.add_flag("--json", into.json, "print JSON, one document on each line");
}

// The same page from each version of CLI11: they differ in words and in blank lines.
class help_page : public CLI::Formatter {
  public:
    help_page() {
        column_width(26);
        label("SUBCOMMAND", "COMMAND");
        label("Positionals", "Arguments");
        label("POSITIONALS", "Arguments");
        label("REQUIRED", "");
    }

    std::string make_help(const CLI::App *app, std::string name,
                          CLI::AppFormatMode mode) const override {
        const std::string footer = app->get_footer();
        return app->get_description() + "\n" + make_usage(app, std::move(name)) +
               make_positionals(app) + make_groups(app, mode) + make_subcommands(app, mode) + "\n" +
               footer + (footer.empty() ? "" : "\n");
    }

    std::string make_usage(const CLI::App *app, std::string name) const override {
        std::string usage = Formatter::make_usage(app, std::move(name));
        std::erase(usage, '\n');
        return (usage.starts_with("Usage:") ? "" : "Usage: ") + usage + "\n";
    }
};

// Every command is a subcommand, after which the options of the program may still follow.
std::unique_ptr<CLI::App> make_app(const char *description, arguments &given) {
    auto app = std::make_unique<CLI::App>(description, "kv");
    app->formatter(std::make_shared<help_page>());
    app->option_defaults()->group("Options");
    app->set_help_flag("--help", "print this, or after a command its help");
    app->require_subcommand(0, 1);  // parsed_command() says it better
    for (const command &each : commands()) {
        CLI::App *line = app->add_subcommand(each.name, each.help)->fallthrough();
        line->group("Commands");
        line->set_help_flag("--help", "print this");
        for (const std::string &alias : each.aliases)
            line->alias(alias);
        declare(*line, each, given);
    }
    return app;
}

}  // namespace

const command *find_command(std::string_view name) {
    const auto is_named = [&](const command &each) {
        return each.name == name || std::ranges::find(each.aliases, name) != each.aliases.end();
    };
    const auto found = std::ranges::find_if(commands(), is_named);
    return found != commands().end() ? &*found : nullptr;
}

void declare(CLI::App &app, const command &what, arguments &into) {
    for (const parameter declare_one : what.parameters)
        declare_one(app, into);
}

bool takes_key(const command &what) {
    arguments ignored;
    CLI::App app;
    declare(app, what, ignored);
    const std::vector<const CLI::Option *> positional =
        static_cast<const CLI::App &>(app).get_options(
            [](const CLI::Option *option) { return option->get_positional(); });
    return !positional.empty() && positional.front()->get_name().starts_with("KEY");
}

std::unique_ptr<CLI::App> make_command_line(options &into, arguments &given) {
    auto app = make_app("Works with the key-value stores of kvstore in PostgreSQL.", given);
    add_output_options(*app, into);
    add_connection_options(*app, into.connection);
    app->set_version_flag("--version", "kv (kvstore) " KV_VERSION, "print the version");
    app->footer(
        "Exit status: 0, or 1 if there is no such entry, or 2 after an error.\n"
        "kv help COMMAND, or man kv, says more.");
    return app;
}

std::unique_ptr<CLI::App> make_shell_line(options &into, arguments &given) {
    auto app = make_app("Also: use STORE, exit.", given);
    add_output_options(*app, into);
    return app;
}

const command &parsed_command(const CLI::App &app) {
    const std::vector<CLI::App *> parsed = app.get_subcommands();
    if (parsed.empty())
        throw input_error("which command? kv --help lists them");
    return *find_command(parsed.front()->get_name());
}

std::string help_text(const std::string &name) {
    options ignored_options;
    arguments ignored;
    const std::unique_ptr<CLI::App> app = make_command_line(ignored_options, ignored);
    if (name.empty())
        return app->help();
    const command *which = find_command(name);
    if (which == nullptr)
        throw input_error("there is no command '" + name + "'");
    return app->get_subcommand(which->name)->help("kv");
}

}  // namespace kv
