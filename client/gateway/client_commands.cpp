// CLIENT: about connections. A client sees, and closes, those of its own role.
#include <algorithm>
#include <optional>
#include <set>
#include <sstream>

#include "own_command.hpp"

namespace kvstore::gateway {

namespace {

std::int64_t seconds_since(client::clock::time_point then) {
    return std::chrono::duration_cast<std::chrono::seconds>(client::clock::now() - then).count();
}

std::string flags_of(const client &one) {
    std::string flags;
    if (one.subscriptions() > 0)
        flags += 'P';
    if (one.its_transaction.is_open)
        flags += 'x';
    if (one.no_evict)
        flags += 'e';
    if (one.no_touch)
        flags += 'T';
    return flags.empty() ? "N" : flags;
}

// A line as Redis writes it.
std::string describe(client &one) {
    const transaction &open = one.its_transaction;
    std::ostringstream line;
    line << "id=" << one.number << " addr=" << as_one_word(one.address)
         << " laddr=" << as_one_word(one.local_address) << " fd=" << one.descriptor()
         << " name=" << one.name << " age=" << seconds_since(one.created)
         << " idle=" << seconds_since(one.last_used) << " flags=" << flags_of(one)
         << " db=" << one.database << " sub=" << one.channels.size()
         << " psub=" << one.patterns.size() << " ssub=0 multi="
         << (open.is_open ? static_cast<std::int64_t>(open.commands.size()) : -1)
         << " qbuf=" << one.requests.buffered()
         << " qbuf-free=" << one.requests.memory() - one.requests.buffered()
         << " argv-mem=0 multi-mem=" << open.bytes
         << " rbs=0 rbp=0 obl=0 oll=0 omem=" << one.unsent()
         << " tot-mem=" << one.requests.memory() + one.unsent() + open.bytes
         << " events=r cmd=" << one.last_command
         << " user=" << (one.as != nullptr ? as_one_word(one.as->name) : "(none)")
         << " redir=-1 resp=" << one.protocol << " lib-name=" << one.library
         << " lib-ver=" << one.library_version << "\n";
    return line.str();
}

}  // namespace

void client_id(call &what) {
    what.reply().integer(static_cast<std::int64_t>(what.from.number));
}

void client_info(call &what) {
    what.reply().verbatim(describe(what.from));
}

void client_getname(call &what) {
    if (what.from.name.empty())
        what.reply().null();
    else
        what.reply().bulk(what.from.name);
}

void client_setname(call &what) {
    if (!is_name(what, what.arguments[2], "Client names"))
        return;
    what.from.name = what.arguments[2];
    what.reply().ok();
}

void client_setinfo(call &what) {
    const std::string_view value = what.arguments[3];
    const bool is_library = what.has(2, "lib-name");
    if (!is_library && !what.has(2, "lib-ver")) {
        what.reply().error("ERR Unrecognized option " + what.quoted(2));
    } else if (is_name(what, value, is_library ? "lib-name" : "lib-ver")) {
        (is_library ? what.from.library : what.from.library_version) = value;
        what.reply().ok();
    }
}

// --- LIST and KILL -----------------------------------------------------------------------------

namespace {

// As it is, or as LIST shows it.
bool is_called(std::string_view wanted, const std::string &its) {
    return wanted == its || wanted == as_one_word(its);
}

// What LIST and KILL may be told. All are of one role, whichever is asked for.
struct filter {
    std::optional<std::int64_t> number;
    std::optional<std::string_view> type;
    std::optional<std::string_view> address;
    std::optional<std::string_view> local_address;
    std::int64_t max_age = -1;
    bool skips_me = true;

    bool matches(const client &one, const client &me) const {
        const std::string_view its_type = one.subscriptions() > 0 ? "pubsub" : "normal";
        return one.as == me.as && (!number || *number == static_cast<std::int64_t>(one.number)) &&
               (!type || *type == its_type) && (!address || is_called(*address, one.address)) &&
               (!local_address || is_called(*local_address, one.local_address)) &&
               (max_age < 0 || seconds_since(one.created) >= max_age) && (!skips_me || &one != &me);
    }
};

bool read_type(call &what, std::size_t argument, std::optional<std::string_view> &into) {
    into.reset();
    for (const std::string_view known : {"normal", "master", "replica", "pubsub"})
        if (what.has(argument, known))
            into = known;
    if (what.has(argument, "slave"))
        into = "replica";
    if (!into)
        what.reply().error("ERR Unknown client type " + what.quoted(argument));
    return into.has_value();
}

// Others than one's own role are nobody. "default" is who AUTH means by it.
bool is_own_role(call &what, std::size_t argument) {
    const std::string &user = what.in.told.user;
    const bool is_default = what.arguments[argument] == "default" && !user.empty();
    const std::string &own = what.from.as->name;
    if (is_default ? user == own : is_called(what.arguments[argument], own))
        return true;
    what.reply().error("ERR No such user " + what.quoted(argument));
    return false;
}

// One option of KILL and its value.
bool read_option(call &what, std::size_t at, filter &into) {
    if (at + 1 == what.arguments.size()) {
        what.reply().error("ERR syntax error");
        return false;
    }
    const std::string_view value = what.arguments[at + 1];
    std::int64_t number = 0;
    if (what.has(at, "id")) {
        constexpr std::string_view error = "ERR client-id should be greater than 0";
        if (!read_integer(what, at + 1, number, error))
            return false;
        if (number < 1) {
            what.reply().error(error);
            return false;
        }
        into.number = number;
    } else if (what.has(at, "type")) {
        return read_type(what, at + 1, into.type);
    } else if (what.has(at, "addr")) {
        into.address = value;
    } else if (what.has(at, "laddr")) {
        into.local_address = value;
    } else if (what.has(at, "user")) {
        return is_own_role(what, at + 1);
    } else if (what.has(at, "maxage")) {
        return read_integer(what, at + 1, into.max_age,
                            "ERR maxage is not an integer or out of range");
    } else if (what.has(at, "skipme") && (what.has(at + 1, "yes") || what.has(at + 1, "no"))) {
        into.skips_me = what.has(at + 1, "yes");
    } else {
        what.reply().error("ERR syntax error");
        return false;
    }
    return true;
}

std::int64_t kill(call &what, const filter &whom) {
    std::int64_t killed = 0;
    std::vector<std::shared_ptr<client>> found;
    for (const auto &[number, one] : what.in.clients)
        if (whom.matches(*one, what.from) && !one->is_closing())
            found.push_back(one);
    for (const auto &one : found) {
        if (one.get() == &what.from)
            one->close_when_sent();
        else
            one->close();
        killed++;
    }
    return killed;
}

// In the order in which they are asked for, each once, or the reply could be very long.
void list_by_number(call &what) {
    std::set<std::int64_t> seen;
    std::string lines;
    for (std::size_t i = 3; i < what.arguments.size(); i++) {
        std::int64_t number = 0;
        if (!read_integer(what, i, number, "ERR Invalid client ID"))
            return;
        const auto found = what.in.clients.find(static_cast<std::uint64_t>(number));
        if (seen.insert(number).second && found != what.in.clients.end() &&
            found->second->as == what.from.as && !found->second->is_closed())
            lines += describe(*found->second);
    }
    what.reply().verbatim(lines);
}

}  // namespace

void client_list(call &what) {
    filter shown;
    shown.skips_me = false;
    if (what.arguments.size() > 3 && what.has(2, "id"))
        return list_by_number(what);
    if (what.arguments.size() == 4 && what.has(2, "type")) {
        if (!read_type(what, 3, shown.type))
            return;
    } else if (what.arguments.size() != 2) {
        what.reply().error("ERR syntax error");
        return;
    }
    std::string lines;
    for (const auto &[number, one] : what.in.clients)
        if (shown.matches(*one, what.from) && !one->is_closed())
            lines += describe(*one);
    what.reply().verbatim(lines);
}

void client_kill(call &what) {
    filter whom;
    if (what.arguments.size() == 3) {  // as it was once: an address, which may be one's own
        whom.address = what.arguments[2];
        whom.skips_me = false;
        if (kill(what, whom) == 0)
            what.reply().error("ERR No such client");
        else
            what.reply().ok();
        return;
    }
    for (std::size_t at = 2; at < what.arguments.size(); at += 2)
        if (!read_option(what, at, whom))
            return;
    what.reply().integer(kill(what, whom));
}

// --- PAUSE, REPLY and what has no effect -------------------------------------------------------

namespace {

// Of two pauses the later end counts, and what is stricter.
void lengthen_pause(gateway::pause &its, std::chrono::milliseconds by, bool only_writes) {
    const auto now = gateway::clock::now();
    its.only_writes = only_writes && (its.only_writes || its.until <= now);
    its.until = std::max(its.until, now + by);
}

}  // namespace

void client_pause(call &what) {
    std::int64_t milliseconds = 0;
    const bool only_writes = what.has(3, "write");
    if (what.arguments.size() > 4)
        answer_too_many(what);
    else if (what.arguments.size() == 4 && !only_writes && !what.has(3, "all"))
        what.reply().error("ERR CLIENT PAUSE mode must be WRITE or ALL");
    else if (!read_integer(what, 2, milliseconds, "ERR timeout is not an integer or out of range"))
        return;
    else if (milliseconds < 0)
        what.reply().error("ERR timeout is negative");
    else {
        constexpr std::int64_t longest = 24 * 3600 * 1000;
        lengthen_pause(what.in.pauses[what.from.as],
                       std::chrono::milliseconds(std::min(milliseconds, longest)), only_writes);
        what.reply().ok();
    }
}

void client_unpause(call &what) {
    what.in.pauses.erase(what.from.as);
    what.reply().ok();
}

void client_reply(call &what) {
    client &one = what.from;
    if (what.has(2, "on")) {
        one.replying = replies_to_client::all;
        what.reply().ok();
    } else if (what.has(2, "off")) {
        one.replying = replies_to_client::none;
    } else if (what.has(2, "skip")) {
        if (one.replying != replies_to_client::none)
            one.replying = replies_to_client::skip_next;
    } else {
        what.reply().error("ERR syntax error");
    }
}

namespace {

void switch_on_or_off(call &what, bool &which) {
    if (!what.has(2, "on") && !what.has(2, "off")) {
        what.reply().error("ERR syntax error");
        return;
    }
    which = what.has(2, "on");
    what.reply().ok();
}

}  // namespace

void client_no_evict(call &what) {
    switch_on_or_off(what, what.from.no_evict);
}

void client_no_touch(call &what) {
    switch_on_or_off(what, what.from.no_touch);
}

void client_unblock(call &what) {
    std::int64_t number = 0;
    if (what.arguments.size() > 4)
        answer_too_many(what);
    else if (what.arguments.size() == 4 && !what.has(3, "timeout") && !what.has(3, "error"))
        what.reply().error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    else if (read_integer(what, 2, number))
        what.reply().integer(0);  // nobody waits for a list
}

void client_tracking(call &what) {
    if (what.has(2, "off"))
        what.reply().ok();
    else
        what.reply().error("ERR CLIENT TRACKING is not supported by kvstore");
}

void client_trackinginfo(call &what) {
    what.reply().map(3);
    what.reply().bulk("flags");
    what.reply().set(1);
    what.reply().bulk("off");
    what.reply().bulk("redirect");
    what.reply().integer(-1);
    what.reply().bulk("prefixes");
    what.reply().array(0);
}

void client_getredir(call &what) {
    what.reply().integer(-1);
}

void client_help(call &what) {
    static constexpr std::string_view lines[] = {
        "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "GETNAME",
        "    Return the name of the current connection.",
        "ID",
        "    Return the ID of the current connection.",
        "INFO",
        "    Return information about the current client connection.",
        "KILL <ip:port>",
        "    Kill connection made from <ip:port>.",
        "KILL <option> <value> [<option> <value> [...]]",
        "    Kill connections of the same role. Options are:",
        "    * ADDR <ip:port>, LADDR <ip:port>, ID <client-id>, USER <role>, MAXAGE <seconds>",
        "    * TYPE (NORMAL|PUBSUB), SKIPME (YES|NO)",
        "LIST [options ...]",
        "    Return information about client connections of the same role. Options:",
        "    * TYPE (NORMAL|PUBSUB), ID <client-id> [<client-id> ...]",
        "NO-EVICT (ON|OFF), NO-TOUCH (ON|OFF)",
        "    Accepted, without effect.",
        "PAUSE <timeout> [WRITE|ALL]",
        "    Suspend the clients of the same role for <timeout> milliseconds.",
        "REPLY (ON|OFF|SKIP)",
        "    Control the replies sent to the current connection.",
        "SETINFO <option> <value>",
        "    Set client meta attr. Options are:",
        "    * LIB-NAME: the client lib name.",
        "    * LIB-VER: the client lib version.",
        "SETNAME <name>",
        "    Assign the name <name> to the current connection.",
        "UNPAUSE",
        "    Stop the current client pause, resuming traffic.",
        "HELP",
        "    Prints this help.",
    };
    help(what, lines);
}

}  // namespace kvstore::gateway
