#include "redis_front.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "connection.hpp"

namespace history {

namespace {

constexpr const char *no_connection = "ERR no connection to the server";

// Nothing was carried out.
struct not_done {
    std::string why;
};

std::string in_ms(micros time) {
    return std::to_string(time / 1000);
}

micros in_whole_ms(micros time) {
    return std::max<micros>((time + 500) / 1000, 1) * 1000;
}

// --- Commands ----------------------------------------------------------------------------------

redis_command set(const operation &what, std::initializer_list<std::string> options) {
    redis_command command{"SET", key_name(what.keys[0]), what.values[0]};
    command.insert(command.end(), options);
    if (what.ttl > 0)
        command.insert(command.end(), {"PX", in_ms(what.ttl)});
    return command;
}

redis_command set_if_equal(const operation &what) {
    if (!what.expected)
        return set(what, {"NX"});
    return what.ttl > 0 ? set(what, {"IFEQ", *what.expected})
                        : set(what, {"IFEQ", *what.expected, "KEEPTTL"});
}

redis_command on_keys(const char *name, const operation &what) {
    redis_command command{name};
    for (int key : what.keys)
        command.push_back(key_name(key));
    return command;
}

redis_command set_many(const operation &what) {
    redis_command command{"MSET"};
    if (what.ttl > 0)
        command = {"MSETEX", std::to_string(what.keys.size())};
    for (std::size_t i = 0; i < what.keys.size(); i++)
        command.insert(command.end(), {key_name(what.keys[i]), what.values[i]});
    if (what.ttl > 0)
        command.insert(command.end(), {"PX", in_ms(what.ttl)});
    return command;
}

redis_command command_of(const operation &what) {
    const std::string key = key_name(what.keys[0]);
    switch (what.what) {
        case verb::get:
            return {"GET", key};
        case verb::exists:
            return {"EXISTS", key};
        case verb::ttl:
            return {"PTTL", key};
        case verb::expires:
            return {"PEXPIRETIME", key};
        case verb::set:
            return set(what, {});
        case verb::set_nx:
            return set(what, {"NX"});
        case verb::set_xx:
            return set(what, {"XX"});
        case verb::set_keepttl:
            return set(what, {"KEEPTTL"});
        case verb::get_set:
            return set(what, {"GET"});
        case verb::append:
            return {"APPEND", key, what.values[0]};
        case verb::cas:
            return set_if_equal(what);
        case verb::incr:
            return {"INCRBY", key, std::to_string(what.number)};
        case verb::get_ex:
            return {"GETEX", key, "PX", in_ms(what.ttl)};
        case verb::expire:
            return {"PEXPIRE", key, in_ms(what.ttl)};
        case verb::expire_at:
            return {"PEXPIREAT", key, in_ms(what.at)};
        case verb::persist:
            return {"PERSIST", key};
        case verb::get_del:
            return {"GETDEL", key};
        case verb::del:
            return {"DEL", key};
        case verb::del_if:
            return {"DELEX", key, "IFEQ", *what.expected};
        case verb::mget:
            return on_keys("MGET", what);
        case verb::mset:
            return set_many(what);
        case verb::mdel:
            return on_keys("DEL", what);
        case verb::rate_limit:
        case verb::crash:
            break;
    }
    throw std::logic_error("no command of Redis");
}

// What does the same in a transaction: one for each key.
std::vector<redis_command> commands_of(const operation &what) {
    std::vector<redis_command> commands;
    for (std::size_t i = 0; i < what.keys.size(); i++)
        commands.push_back(command_of(part_of(what, i)));
    return commands;
}

// --- Replies -----------------------------------------------------------------------------------

void check(const redis_reply &told) {
    if (told.type != '-')
        return;
    const auto is = [&](std::string_view part) { return told.text.find(part) != told.text.npos; };
    if (is("this may have been done"))
        throw connection_lost(told.text);
    if (is("ERR value is not an integer"))
        throw refusal(told.text, "22P02");
    if (is("ERR increment or decrement would overflow"))
        throw refusal(told.text, "22003");
    for (const char *undone :
         {no_connection, "LOADING ", "ERR canceling", "ERR could not serialize",
          "ERR deadlock detected", "ERR the transaction was rolled back"})
        if (is(undone))
            throw not_done{undone};
    throw std::runtime_error("kvstore-redis says: " + told.text);
}

// A reply of another kind is one to another command.
void expect(const redis_reply &told, const operation &what, std::string_view types) {
    if (types.find(told.type) == types.npos)
        throw std::runtime_error(to_string(what) + " is answered with " + told.type + told.text);
}

std::optional<std::string> value_of(const redis_reply &told) {
    return told.type == '_' ? std::nullopt : std::optional(told.text);
}

// Redis tells -2 if there is no entry, and -1 if it does not expire.
std::optional<micros> time_of(const redis_reply &told, std::optional<micros> endless) {
    if (told.number == -1)
        return endless;
    return told.number == -2 ? std::nullopt : std::optional(told.number * 1000);
}

std::string_view types_of_answer(verb what) {
    switch (what) {
        case verb::get:
        case verb::get_set:
        case verb::get_ex:
        case verb::get_del:
            return "$_";
        case verb::mget:
            return "*";
        case verb::set:
        case verb::set_keepttl:
            return "+";
        case verb::mset:
            return "+:";
        case verb::set_nx:
        case verb::set_xx:
        case verb::cas:
            return "+_";
        default:
            return ":";
    }
}

answer read(const operation &what, const redis_reply &told) {
    check(told);
    expect(told, what, types_of_answer(what.what));
    switch (what.what) {
        case verb::get:
        case verb::get_set:
        case verb::get_ex:
        case verb::get_del:
            return {.values = {value_of(told)}};
        case verb::mget: {
            answer all;
            for (const redis_reply &each : told.elements)
                all.values.push_back(value_of(each));
            return all;
        }
        case verb::ttl:
            return {.time = time_of(told, std::nullopt)};
        case verb::expires:
            return {.time = time_of(told, never)};
        case verb::append:
        case verb::incr:
            return {.number = told.number};
        case verb::set:
        case verb::set_keepttl:
        case verb::mset:
        case verb::mdel:
            return {};
        default:
            return {.yes = told.type == '+' || told.number > 0};
    }
}

// Of the commands of a transaction.
answer read(const operation &what, const std::vector<redis_reply> &told) {
    for (const redis_reply &each : told)
        check(each);
    return what.what == verb::mget ? read(what, {.type = '*', .elements = told})
                                   : read(what, told.at(0));
}

}  // namespace

// --- Operations --------------------------------------------------------------------------------

// Redis counts milliseconds, and has no rate limits, no slack, and no INCR with an expiry.
operation redis_front::adapted(operation what) {
    if (what.ttl > 0)
        what.ttl = in_whole_ms(what.ttl);
    what.by_redis = true;
    what.slack = 0;
    if (what.what == verb::rate_limit)
        what.what = verb::incr;
    if (what.what == verb::incr)
        what.ttl = 0;
    if (what.what == verb::expire_at && what.at == never)
        what.what = verb::persist;
    if (what.what == verb::expire_at)
        what.at = in_whole_ms(what.at);
    if (what.what == verb::set && what.ttl == 0 && one_in(2))
        what.what = verb::set_keepttl;
    const bool has_steps = what.what == verb::get_set || what.what == verb::get_del ||
                           (what.what == verb::cas && what.ttl > 0);
    if (has_steps && one_in(2))
        what.by = manner::steps;
    else if (one_in(5))
        what.by = manner::transaction;
    return what;
}

answer redis_front::perform(const operation &what) {
    try {
        return carry_out(what);
    } catch (const refusal &problem) {
        return {.how = outcome::refused, .sqlstate = problem.sqlstate};
    } catch (const not_done &it) {
        if (it.why == no_connection)  // nor is there at once
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return {.how = outcome::nothing, .sqlstate = it.why};
    } catch (const connection_lost &) {
        return {.how = outcome::in_doubt};
    }
}

answer redis_front::carry_out(const operation &what) {
    if (what.by == manner::command)
        return read(what, connection_.ask({command_of(what)}).at(0));
    if (what.by == manner::transaction)
        return read(what, in_transaction(commands_of(what)));
    if (what.what == verb::cas)
        return carry_out_watched(what);
    const std::string key = key_name(what.keys[0]);
    return read(what, in_transaction({{"GET", key},
                                      what.what == verb::get_del ? redis_command{"DEL", key}
                                                                 : set(what, {})}));
}

std::vector<redis_reply> redis_front::in_transaction(std::vector<redis_command> commands) {
    commands.insert(commands.begin(), {"MULTI"});
    commands.push_back({"EXEC"});
    const std::vector<redis_reply> told = connection_.ask(commands);
    check(told.back());
    if (told.back().type == '_')
        throw not_done{"a watched key has changed"};
    return told.back().elements;
}

answer redis_front::carry_out_watched(const operation &what) {
    const std::string key = key_name(what.keys[0]);
    const std::vector<redis_reply> told = connection_.ask({{"WATCH", key}, {"GET", key}});
    for (const redis_reply &each : told)
        check(each);
    if (value_of(told.at(1)) != what.expected) {
        check(connection_.ask({{"UNWATCH"}}).at(0));
        return {.yes = false};
    }
    return read(what, in_transaction({set(what, {})}));
}

}  // namespace history
