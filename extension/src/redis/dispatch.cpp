#include "redis/dispatch.hpp"

#include "redis/handlers.hpp"
#include "rules/redis_commands.hpp"

namespace kvstore::redis {

namespace {

using handlers::handler;

struct named_handler {
    std::string_view name;
    handler call;
};

#define KV_NAMED_HANDLER(name) {#name, handlers::name},
constexpr named_handler named_handlers[] = {KV_REDIS_HANDLERS(KV_NAMED_HANDLER)};

// "object_encoding" carries out "object|encoding".
constexpr bool is_named(std::string_view handler_name, std::string_view command_name) {
    if (handler_name.size() != command_name.size())
        return false;
    for (std::size_t i = 0; i < handler_name.size(); i++)
        if (handler_name[i] != (command_name[i] == '|' ? '_' : command_name[i]))
            return false;
    return true;
}

// Its place among the handlers; -1 for what kvstore-redis answers. (With sanitizers an address is
// no constant that could be compared.)
constexpr int find_handler(std::string_view command_name) {
    for (std::size_t i = 0; i < std::size(named_handlers); i++)
        if (is_named(named_handlers[i].name, command_name))
            return static_cast<int>(i);
    return -1;
}

// In the order of the table of commands.
constexpr auto handlers_of_commands = [] {
    std::array<int, commands.size()> result{};
    for (std::size_t i = 0; i < commands.size(); i++)
        result[i] = find_handler(commands[i].name);
    return result;
}();

constexpr bool all_are_carried_out() {
    for (std::size_t i = 0; i < commands.size(); i++)
        if (commands[i].answered == where::interpreter && handlers_of_commands[i] < 0 &&
            !is_container(commands[i]))
            return false;
    return true;
}
static_assert(all_are_carried_out());

// What kvstore-redis asks on its own account.
handler find_internal(std::string_view name) {
    if (name == "_DATABASES")
        return handlers::databases;
    if (name == "_INFO")
        return handlers::info_sections;
    return nullptr;
}

void answer_fault(execution &x, const call &made, arguments given) {
    reply_buffer words;
    append_fault(words, made, given);
    x.out.error(words.since(VARHDRSZ));
}

void call_handler(execution &x, handler carries_out, arguments given) {
    std::size_t written = x.out.buffer().size();
    carries_out(x, given);
    if (x.would_wait())
        x.out.buffer().truncate(written);
}

}  // namespace

void carry_out(execution &x, arguments given) {
    if (given.empty())
        return x.out.error("ERR Protocol error: a command without a name");
    if (handler internal = find_internal(given[0]))
        return call_handler(x, internal, given);
    call made = resolve(given);
    if (made.fault != call_fault::none)
        return answer_fault(x, made, given);
    int found = handlers_of_commands[static_cast<std::size_t>(made.of - commands.data())];
    if (found < 0)
        return x.out.error(psprintf("ERR '%.*s' is for kvstore-redis to answer, not for a function",
                                    static_cast<int>(made.of->name.size()), made.of->name.data()));
    call_handler(x, named_handlers[found].call, given);
}

}  // namespace kvstore::redis
