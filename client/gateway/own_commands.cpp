// The table of the commands that the gateway answers itself, and what they share.
#include <algorithm>

#include "own_command.hpp"
#include "rules/integer.hpp"

namespace kvstore::gateway {

namespace {

// In the order of their names.
constexpr own_command own_commands[] = {
    {"auth", nullptr, auth},
    {"client|getname", client_getname},
    {"client|getredir", client_getredir},
    {"client|help", client_help},
    {"client|id", client_id},
    {"client|info", client_info},
    {"client|kill", client_kill},
    {"client|list", client_list},
    {"client|no-evict", client_no_evict},
    {"client|no-touch", client_no_touch},
    {"client|pause", client_pause},
    {"client|reply", client_reply},
    {"client|setinfo", client_setinfo},
    {"client|setname", client_setname},
    {"client|tracking", client_tracking},
    {"client|trackinginfo", client_trackinginfo},
    {"client|unblock", client_unblock},
    {"client|unpause", client_unpause},
    {"config|get", config_get, nullptr, ask_for_config},
    {"config|help", config_help},
    {"config|resetstat", config_resetstat},
    {"config|rewrite", config_rewrite},
    {"config|set", config_set},
    {"discard", discard},
    {"echo", echo},
    {"exec", nullptr, exec},
    {"hello", nullptr, hello},
    {"info", nullptr, info},
    {"latency|latest", latency_latest},
    {"latency|reset", latency_reset},
    {"multi", multi},
    {"ping", ping},
    {"psubscribe", nullptr, psubscribe},
    {"pubsub|channels", pubsub_channels},
    {"pubsub|help", pubsub_help},
    {"pubsub|numpat", pubsub_numpat},
    {"pubsub|numsub", pubsub_numsub},
    {"punsubscribe", punsubscribe},
    {"quit", quit},
    {"reset", reset},
    {"select", nullptr, select},
    {"slowlog|get", slowlog_get},
    {"slowlog|help", slowlog_help},
    {"slowlog|len", slowlog_len},
    {"slowlog|reset", slowlog_reset},
    {"subscribe", nullptr, subscribe},
    {"unsubscribe", unsubscribe},
    {"unwatch", unwatch},
    {"watch", nullptr, watch},
};
static_assert(std::ranges::is_sorted(own_commands, {}, &own_command::name));

// All that the table of commands leaves to the gateway; of a container, its subcommands.
constexpr bool all_are_answered() {
    return std::ranges::all_of(redis::commands, [](const redis::command &each) {
        return each.answered != redis::where::gateway || redis::is_container(each) ||
               std::ranges::binary_search(own_commands, each.name, {}, &own_command::name);
    });
}
static_assert(all_are_answered());

}  // namespace

const own_command *find_own_command(std::string_view name) {
    const auto found = std::ranges::lower_bound(own_commands, name, {}, &own_command::name);
    return found != std::end(own_commands) && found->name == name ? found : nullptr;
}

bool read_integer(call &what, std::size_t argument, std::int64_t &into, std::string_view error) {
    const std::optional<std::int64_t> number = parse_strict_integer(what.arguments[argument]);
    if (number)
        into = *number;
    else
        what.reply().error(error);
    return number.has_value();
}

void answer_too_many(call &what) {
    std::string error;
    redis::append_too_many(error, what.arguments);
    what.reply().error(error);
}

bool may_administer(call &what) {
    const std::string &admin = what.in.told.admin_user;
    if (!admin.empty() && what.from.as != nullptr && what.from.as->name == admin)
        return true;
    what.reply().error("NOPERM only the role of kvstore-redis's option --admin-user may do this");
    return false;
}

void leave_transaction(client &one) {
    one.its_transaction = {};
}

bool is_name(call &what, std::string_view name, std::string_view what_it_is) {
    constexpr std::size_t longest = 1024;  // as each slow command is remembered with it
    const bool is_printable =
        std::ranges::all_of(name, [](char c) { return c >= '!' && c <= '~'; });
    if (is_printable && name.size() <= longest)
        return true;
    what.reply().error("ERR " + std::string(what_it_is) +
                       (is_printable ? " cannot be longer than 1024 bytes."
                                     : " cannot contain spaces, newlines or special characters."));
    return false;
}

void help(call &what, std::span<const std::string_view> lines) {
    what.reply().array(lines.size());
    for (const std::string_view each : lines)
        what.reply().simple(each);
}

}  // namespace kvstore::gateway
