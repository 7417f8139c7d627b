// The only file that includes CLI11, which takes as long to compile as many others.
#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <limits>
#include <stdexcept>

#include "rules/integer.hpp"

namespace kvstore::gateway {

namespace {

using its = settings;

constexpr std::int64_t most_connections = 262143;  // that a server of PostgreSQL takes
constexpr std::int64_t most_of_redis = std::numeric_limits<std::int32_t>::max();

const option all_options[] = {
    {"listen", "HOST:PORT",
     "where clients come in; may be given more than once, and :PORT is all addresses",
     &its::listen},
    {"socket", "PATH", "a Unix socket where clients come in; alone, unless --listen is given too",
     &its::socket},
    {"conninfo", "STRING",
     "the PostgreSQL database, as for psql; what it does not say, PGHOST and the like do",
     &its::conninfo},
    {"stores", "NAMES", "the stores that SELECT 0, 1, .. choose, instead of kvstore.redis_stores",
     &its::stores},
    {"anonymous-user", "ROLE",
     "the role of clients that do not AUTH; without it they may do nothing", &its::anonymous_user},
    {"user", "ROLE", "the role of AUTH without a name, and of Redis's user \"default\"",
     &its::user},
    {"admin-user", "ROLE", "the role that may use CONFIG SET", &its::admin_user},
    {"accept-trust", nullptr,
     "accept AUTH although the server let the role in without asking for a "
     "password: then any password is right",
     &its::accept_trust},
    {"allow-plaintext", nullptr, "listen on addresses that other machines reach, without TLS",
     &its::allow_plaintext},
    {"tls-cert", "FILE", "the certificate, and with it TLS on all addresses; read again on SIGHUP",
     &its::tls_cert},
    {"tls-key", "FILE", "its key, if that is in another file", &its::tls_key},
    {"tls-ca", "FILE", "whose certificates clients must have; without it they need none",
     &its::tls_ca},
    {"backends", "NUMBER", "connections to the server for the commands of a role", &its::backends,
     1, most_connections},
    {"waiting-backends", "NUMBER", "connections more, at most, for commands that wait for a lock",
     &its::waiting_backends, 1, most_connections},
    {"max-clients", "NUMBER", "clients at most", &its::max_clients, 1, most_of_redis},
    {"client-timeout", "SECONDS", "close clients that were idle so long; 0 never",
     &its::client_timeout, 0, most_of_redis},
    {"max-request", "BYTES", "the longest request of a client, or transaction", &its::max_request,
     1024, std::int64_t{512} << 20},  // a message of PostgreSQL's has twice that at most
    {"until-input-ends", nullptr,
     "stop, as on SIGTERM, when standard input ends: with the server that started it",
     &its::until_input_ends},
    {"metrics", "HOST:PORT", "a page of counters for Prometheus", &its::metrics},
    {"slowlog-slower-than", "MICROSECONDS", "what SLOWLOG remembers; -1 for nothing",
     &its::slowlog_slower_than, -1, std::numeric_limits<std::int64_t>::max()},
    {"slowlog-max-len", "NUMBER", "how many it remembers", &its::slowlog_max_len, 0, most_of_redis},
};

template <class Number>
constexpr bool is_number = std::is_integral_v<Number> && !std::is_same_v<Number, bool>;

// CLI11 would take -1 for a very large number.
std::int64_t number_for(const option &one, const std::string &text) {
    const std::optional<std::int64_t> number = parse_integer(text);
    if (number && one.is_in_range(*number))
        return *number;
    throw CLI::ValidationError(std::string("--") + one.name, "'" + text + "' is no number from " +
                                                                 std::to_string(one.least) +
                                                                 " to " + std::to_string(one.most));
}

void declare(CLI::App &app, const option &one, settings &into) {
    const std::string name = std::string("--") + one.name;
    std::visit(
        [&](auto member) {
            auto &value = into.*member;
            using type = std::remove_reference_t<decltype(value)>;
            if constexpr (std::is_same_v<type, bool>)
                app.add_flag(name, value);
            else if constexpr (is_number<type>)
                app.add_option_function<std::string>(name, [&](const std::string &text) {
                    value = static_cast<type>(number_for(one, text));
                });
            else if constexpr (std::is_same_v<type, std::vector<std::string>>)
                app.add_option(name, value)->expected(1, 64)->take_all();
            else
                app.add_option(name, value);
        },
        one.into);
}

// --- The configuration file ---

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    text.remove_suffix(text.size() - (text.find_last_not_of(blanks) + 1));
    return text;
}

// Up to a remark: a # at the beginning or behind a blank.
std::string_view without_remark(std::string_view text) {
    for (std::size_t at = text.find('#'); at != text.npos; at = text.find('#', at + 1))
        if (at == 0 || blanks.find(text[at - 1]) != blanks.npos)
            return trimmed(text.substr(0, at));
    return trimmed(text);
}

// What stands behind =, in quotes or without. Throws what is wrong with it.
std::string_view value_in(std::string_view text) {
    if (!text.starts_with('"') && !text.starts_with('\''))
        return without_remark(text);
    const std::string quote(1, text.front());
    const std::size_t end = text.find(quote, 1);
    if (end == text.npos)
        throw CLI::ConfigError("the quote " + quote + " has no end");
    if (!without_remark(text.substr(end + 1)).empty())
        throw CLI::ConfigError("there is something behind the quote " + quote);
    return text.substr(1, end - 1);
}

// A line is an option and its value. CLI11 would take blanks and commas within a value for those of
// a list, and [ for the beginning of one over several lines.
class configuration_lines : public CLI::Config {
  public:
    std::vector<CLI::ConfigItem> from_config(std::istream &input) const override {
        std::vector<CLI::ConfigItem> items;
        std::string line;
        for (int number = 1; std::getline(input, line); number++)
            try {
                if (!without_remark(line).empty())
                    add(items, line);
            } catch (const CLI::ConfigError &problem) {
                throw CLI::ConfigError("line " + std::to_string(number) + ": " + problem.what());
            }
        return items;
    }
    std::string to_config(const CLI::App *, bool, bool, std::string) const override { return ""; }

  private:
    // A flag alone is set. What is given again is one option with several values.
    static void add(std::vector<CLI::ConfigItem> &to, std::string_view line) {
        const std::size_t equals = line.find('=');
        const bool has_value = without_remark(line).find('=') != line.npos;
        const std::string name(without_remark(line.substr(0, equals)));
        if (name.empty())
            throw CLI::ConfigError("there is no option before =");
        const std::string value(has_value ? value_in(trimmed(line.substr(equals + 1))) : "true");
        const auto known = std::ranges::find(to, name, &CLI::ConfigItem::name);
        CLI::ConfigItem &item = known != to.end() ? *known : to.emplace_back();
        item.name = name;
        item.inputs.push_back(value);
    }
};

std::string help() {
    std::string text =
        "Any Redis client, on a key-value store in PostgreSQL: speaks Redis's protocol, and has "
        "the\n"
        "extension kvstore carry out the commands.\n"
        "Usage: kvstore-redis [OPTIONS]\n\nOptions:\n";
    const auto add = [&](std::string term, const std::string &meaning) {
        term.resize(std::max<std::size_t>(term.size() + 2, 36), ' ');
        text += "  " + term + meaning + "\n";
    };
    for (const option &each : all_options) {
        const std::string standard = default_of(each);
        add(std::string("--") + each.name +
                (each.takes != nullptr ? std::string(" ") + each.takes : ""),
            each.help + (standard.empty() ? "" : " (" + standard + ")"));
    }
    add("--config FILE", "a file of these options: lines as in listen = 127.0.0.1:6379");
    add("--version", "print the version");
    add("--help", "print this");
    return text;
}

}  // namespace

std::span<const option> options() {
    return all_options;
}

const option &find_option(std::string_view name) {
    return *std::ranges::find(all_options, name, &option::name);
}

std::string default_of(const option &one) {
    const settings standard;
    return std::visit(
        [&](auto member) -> std::string {
            const auto &value = standard.*member;
            using type = std::remove_cvref_t<decltype(value)>;
            if constexpr (std::is_same_v<type, std::string>)
                return value;
            else if constexpr (std::is_same_v<type, std::vector<std::string>>)
                return value.front();
            else if constexpr (std::is_same_v<type, bool>)
                return "";
            else
                return std::to_string(value);
        },
        one.into);
}

command_line read_command_line(int argc, char **argv) {
    command_line read;
    CLI::App app;
    bool wants_help = false;
    bool wants_version = false;
    app.set_help_flag();
    app.add_flag("--help,-h", wants_help)->configurable(false);
    app.add_flag("--version", wants_version)->configurable(false);
    app.set_config("--config");
    app.config_formatter(std::make_shared<configuration_lines>());
    app.allow_config_extras(CLI::config_extras_mode::error);
    for (const option &each : all_options)
        declare(app, each, read.told);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &problem) {
        const bool in_file = problem.get_name() == "ConfigError";
        throw std::runtime_error((in_file ? "--config: " : "") + std::string(problem.what()) +
                                 "; kvstore-redis --help tells the options");
    }
    if (!read.told.socket.empty() && app.count("--listen") == 0)
        read.told.listen.clear();
    if (wants_help)
        read.answer = help();
    else if (wants_version)
        read.answer = "kvstore-redis " KV_VERSION "\n";
    return read;
}

}  // namespace kvstore::gateway
