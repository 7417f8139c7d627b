#include "operation.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace history {

namespace {

std::string quoted(const std::optional<std::string> &value) {
    return value ? "'" + *value + "'" : "nothing";
}

std::string milliseconds(micros time) {
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "%.3f ms", static_cast<double>(time) / 1000);
    return text.data();
}

std::string arguments(const operation &what) {
    std::string text;
    for (std::size_t i = 0; i < what.keys.size(); i++) {
        text += " " + key_name(what.keys[i]);
        if (i < what.values.size())
            text += " '" + what.values[i] + "'";
    }
    if (what.what == verb::cas || what.what == verb::del_if)
        text += " instead of " + quoted(what.expected);
    if (what.what == verb::incr || what.what == verb::rate_limit)
        text += " by " + std::to_string(what.number);
    if (what.what == verb::rate_limit)
        text += ", " + std::to_string(what.most) + " at most,";
    if (what.ttl > 0)
        text += " for " + milliseconds(what.ttl);
    if (what.slack > 0)
        text += " unless off by less than " + milliseconds(what.slack);
    if (what.what == verb::expire_at)
        text += what.at == never ? " never" : " " + std::to_string(what.at);
    return text;
}

std::string results(const operation &what, const answer &answered) {
    std::string time = !answered.time            ? "nothing"
                       : *answered.time == never ? "never"
                                                 : std::to_string(*answered.time);
    switch (what.what) {
        case verb::set:
        case verb::set_keepttl:
        case verb::mset:
        case verb::mdel:
        case verb::crash:
            return "OK";
        case verb::get:
        case verb::get_set:
        case verb::get_ex:
        case verb::get_del:
            return quoted(answered.values.at(0));
        case verb::mget: {
            std::string text;
            for (const auto &each : answered.values)
                text += (text.empty() ? "" : ", ") + quoted(each);
            return text;
        }
        case verb::ttl:
        case verb::expires:
            return time;
        case verb::append:
        case verb::incr:
            return std::to_string(answered.number);
        case verb::rate_limit:
            return std::string(answered.yes ? "allowed" : "refused") + ", " +
                   std::to_string(answered.number) + ", until " + time;
        default:
            return answered.yes ? "yes" : "no";
    }
}

}  // namespace

std::string key_name(int key) {
    return std::string("k") + static_cast<char>('0' + key / 10) + static_cast<char>('0' + key % 10);
}

std::vector<std::string> key_names(const operation &what) {
    std::vector<std::string> names(what.keys.size());
    std::ranges::transform(what.keys, names.begin(), key_name);
    return names;
}

std::string to_string(verb what) {
    constexpr std::array names{
        "get",     "exists",  "ttl", "expires", "set",        "set_nx", "set_xx", "set_keepttl",
        "get_set", "append",  "cas", "incr",    "rate_limit", "get_ex", "expire", "expire_at",
        "persist", "get_del", "del", "del_if",  "mget",       "mset",   "mdel",   "crash"};
    return names.at(static_cast<std::size_t>(what));
}

std::string to_string(const operation &what) {
    constexpr std::array manners{"", "transaction: ", "steps: "};
    return manners.at(static_cast<std::size_t>(what.by)) + to_string(what.what) + arguments(what);
}

std::string to_string(const operation &what, const answer &answered) {
    switch (answered.how) {
        case outcome::answered:
            return to_string(what) + " -> " + results(what, answered);
        case outcome::refused:
            return to_string(what) + " -> error " + answered.sqlstate;
        case outcome::nothing:
            return to_string(what) + " -> not carried out";
        case outcome::in_doubt:
            break;
    }
    return to_string(what) + " -> connection lost";
}

operation part_of(const operation &whole, std::size_t part) {
    operation result = whole;
    result.keys = {whole.keys[part]};
    switch (whole.what) {
        case verb::mget:
            result.what = verb::get;
            break;
        case verb::mset:
            result.what = verb::set;
            result.values = {whole.values[part]};
            break;
        case verb::mdel:
            result.what = verb::del;
            break;
        default:
            break;
    }
    return result;
}

answer part_of(const answer &whole, std::size_t part) {
    answer result = whole;
    result.values.clear();
    if (part < whole.values.size())
        result.values.push_back(whole.values[part]);
    return result;
}

}  // namespace history
