// PING ECHO QUIT RESET SELECT HELLO AUTH.
#include <algorithm>
#include <charconv>

#include "own_command.hpp"

namespace kvstore::gateway {

void ping(call &what) {
    const bool is_listening = what.from.protocol == 2 && what.from.subscriptions() > 0;
    if (what.arguments.size() > 2) {
        what.reply().error("ERR wrong number of arguments for 'ping' command");
    } else if (is_listening) {
        what.reply().array(2);
        what.reply().bulk("pong");
        what.reply().bulk(what.arguments.size() == 2 ? what.arguments[1] : "");
    } else if (what.arguments.size() == 2) {
        what.reply().bulk(what.arguments[1]);
    } else {
        what.reply().simple("PONG");
    }
}

void echo(call &what) {
    what.reply().bulk(what.arguments[1]);
}

void quit(call &what) {
    what.reply().ok();
    what.from.close_when_sent();
}

namespace {

void become(client &one, role *as) {
    if (one.as != nullptr)
        one.as->clients--;
    one.as = as;
    if (as != nullptr)
        as->clients++;
    else
        one.stranger_since = client::clock::now();
}

}  // namespace

void reset(call &what) {
    client &one = what.from;
    leave_transaction(one);
    leave_channels(one);
    one.protocol = 2;
    one.database = 0;
    one.name.clear();
    one.no_evict = one.no_touch = false;
    if (one.replying == replies_to_client::none)
        one.replying = replies_to_client::all;
    one.has_logged_in = false;
    become(one, what.in.its_roles.anonymous());
    what.reply().simple("RESET");
}

// --- SELECT -------------------------------------------------------------------------------------

task<std::int64_t> ask_for_databases(call &what) {
    client &one = what.from;
    std::string reply;
    one.work.commands.begin(one.protocol, 0);
    const std::string_view command[] = {"_DATABASES"};
    one.work.commands.add(command);
    one.work.replies = &reply;
    co_await carry_out(what);
    one.work.commands.begin(one.protocol, one.database);
    int number = -1;
    if (reply.starts_with(':')) {
        std::from_chars(reply.data() + 1, reply.data() + reply.size(), number);
        one.as->backends.set_databases(number);
    } else {
        what.out() += reply;
    }
    co_return number;
}

task<void> select(call &what) {
    std::int64_t number = 0;
    if (!read_integer(what, 1, number))
        co_return;
    if (!redis::is_of_32_bits(number)) {
        what.reply().error(redis::not_of_32_bits);
        co_return;
    }
    std::int64_t databases = what.from.as->backends.databases();
    if (number >= databases && number <= UINT16_MAX)
        databases = co_await ask_for_databases(what);
    if (databases < 0)
        co_return;
    if (number < 0 || number >= databases) {
        what.reply().error("ERR DB index is out of range");
        co_return;
    }
    what.from.database = static_cast<std::uint16_t>(number);
    what.reply().ok();
}

// --- HELLO and AUTH -----------------------------------------------------------------------------

namespace {

// Without the port, which differs from connection to connection.
std::string host_of(const client &one) {
    return one.address.substr(0, one.address.rfind(':'));
}

// Says whether it went well; if not, there is a reply.
task<bool> log_in(call &what, std::string_view name, std::string_view password) {
    const std::string address = host_of(what.from);
    const roles::login outcome = co_await what.in.its_roles.log_in(name, password, address);
    if (outcome.as == nullptr) {
        what.in.counted.errors++;
        what.reply().error(outcome.error);
        co_return false;
    }
    become(what.from, outcome.as);
    what.from.has_logged_in = true;
    co_return true;
}

}  // namespace

task<void> auth(call &what) {
    const auto &words = what.arguments;
    if (words.size() > 3) {
        what.reply().error("ERR syntax error");
        co_return;
    }
    if (words.size() == 2 && what.in.told.user.empty()) {
        what.reply().error(
            "ERR AUTH <password> called without any password configured for the default user. Are "
            "you sure your configuration is correct?");
        co_return;
    }
    const std::string_view name = words.size() == 3 ? words[1] : "default";
    const bool is_in = co_await log_in(what, name, words.back());
    if (is_in)
        what.reply().ok();
}

namespace {

struct hello_options {
    std::int64_t protocol = 0;  // 0: as it is
    std::string_view user;
    std::string_view password;
    std::string_view name;
    bool has_auth = false;
    bool has_name = false;
};

// Says whether it could be read; if not, there is a reply.
bool read_hello(call &what, hello_options &into) {
    const auto &words = what.arguments;
    if (words.size() > 1 && !read_integer(what, 1, into.protocol,
                                          "ERR Protocol version is not an integer or out of range"))
        return false;
    if (words.size() > 1 && into.protocol != 2 && into.protocol != 3) {
        what.reply().error("NOPROTO unsupported protocol version");
        return false;
    }
    for (std::size_t i = 2; i < words.size(); i++) {
        if (what.has(i, "auth") && i + 2 < words.size()) {
            into.has_auth = true;
            into.user = words[++i];
            into.password = words[++i];
        } else if (what.has(i, "setname") && i + 1 < words.size()) {
            into.has_name = true;
            into.name = words[++i];
        } else {
            what.reply().error("ERR Syntax error in HELLO option " + what.quoted(i));
            return false;
        }
    }
    return is_name(what, into.name, "Client names");
}

void describe_server(call &what) {
    const client &one = what.from;
    what.reply().map(7);
    const auto field = [&](std::string_view name, std::string_view value) {
        what.reply().bulk(name);
        what.reply().bulk(value);
    };
    field("server", "redis");
    field("version", redis_version);
    what.reply().bulk("proto");
    what.reply().integer(one.protocol);
    what.reply().bulk("id");
    what.reply().integer(static_cast<std::int64_t>(one.number));
    field("mode", "standalone");
    field("role", one.as->backends.is_on_standby() ? "replica" : "master");
    what.reply().bulk("modules");
    what.reply().array(0);
}

}  // namespace

task<void> hello(call &what) {
    hello_options told;
    if (!read_hello(what, told))
        co_return;
    client &one = what.from;
    if (told.has_auth) {
        const bool is_in = co_await log_in(what, told.user, told.password);
        if (!is_in)
            co_return;
    }
    if (one.as == nullptr) {
        what.reply().error(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the "
            "HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and "
            "select the RESP protocol version at the same time");
        co_return;
    }
    if (told.has_name)
        one.name = told.name;
    if (told.protocol != 0)
        one.protocol = static_cast<int>(told.protocol);
    describe_server(what);
}

}  // namespace kvstore::gateway
