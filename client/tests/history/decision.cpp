#include "decision.hpp"

#include <charconv>

namespace history {

namespace {

std::optional<std::int64_t> integer_of(const std::string &text) {
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

decision leave(answer answered) {
    return {.answered = std::move(answered)};
}

decision store(std::string value, expiry expires, answer answered = {}) {
    return {effect::store, std::move(value), expires, std::move(answered)};
}

decision remove(answer answered) {
    return {.does = effect::remove, .answered = std::move(answered)};
}

answer yes() {
    return {.yes = true};
}
answer no() {
    return {};
}
answer value(const std::string *live) {
    return {.values = {live != nullptr ? std::optional(*live) : std::nullopt}};
}
answer number(std::int64_t number) {
    return {.number = number};
}
answer error(const char *sqlstate) {
    return {.how = outcome::refused, .sqlstate = sqlstate};
}

decision append(const operation &what, const std::string *live) {
    std::string all = (live != nullptr ? *live : "") + what.values[0];
    const auto length = static_cast<std::int64_t>(all.size());
    return store(std::move(all), live != nullptr ? expiry::kept : expiry::none, number(length));
}

decision compare_and_swap(const operation &what, const std::string *live) {
    const bool is_expected =
        what.expected ? live != nullptr && *live == *what.expected : live == nullptr;
    if (!is_expected)
        return leave(no());
    const expiry without_ttl = live != nullptr ? expiry::kept : expiry::none;
    return store(what.values[0], what.ttl > 0 ? expiry::from_now : without_ttl, yes());
}

decision add(const operation &what, const std::string *live) {
    const std::optional<std::int64_t> before = live != nullptr ? integer_of(*live) : 0;
    if (!before || (what.by_redis && live != nullptr && *live != std::to_string(*before)))
        return leave(error("22P02"));
    std::int64_t sum = 0;
    if (__builtin_add_overflow(*before, what.number, &sum))
        return leave(error("22003"));
    const expiry new_one = what.ttl > 0 ? expiry::from_now : expiry::none;
    return store(std::to_string(sum), live != nullptr ? expiry::kept : new_one, number(sum));
}

decision limit_rate(const operation &what, const std::string *live, bool is_endless) {
    const std::optional<std::int64_t> before = live != nullptr ? integer_of(*live) : 0;
    if (!before)
        return leave(error("22P02"));
    const bool has_begun = live != nullptr && !is_endless;
    std::int64_t sum = 0;
    const bool is_allowed = !__builtin_add_overflow(*before, what.number, &sum) && sum <= what.most;
    answer answered{.yes = is_allowed, .number = is_allowed ? sum : *before};
    if (what.number == 0 || (!is_allowed && (live == nullptr || has_begun)))
        return leave(answered);
    return store(std::to_string(answered.number), has_begun ? expiry::kept : expiry::from_now,
                 answered);
}

std::vector<decision> touch(const operation &what, const std::string &live, bool is_endless) {
    decision touched = store(live, expiry::from_now, value(&live));
    if (what.slack == 0 || is_endless)
        return {touched};
    decision left = leave(value(&live));
    left.is_good_enough = true;
    touched.is_good_enough = false;
    return {left, touched};
}

std::vector<decision> expire_at(const operation &what, const std::string &live) {
    if (what.at == never)
        return {store(live, expiry::none, yes())};
    return {store(live, expiry::at, yes()), remove(yes())};
}

}  // namespace

std::vector<decision> decide(const operation &what, const std::string *live, bool is_endless) {
    const expiry new_one = what.ttl > 0 ? expiry::from_now : expiry::none;
    const bool is_live = live != nullptr;
    switch (what.what) {
        case verb::get:
            return {leave(value(live))};
        case verb::exists:
            return {leave({.yes = is_live})};
        case verb::ttl:
        case verb::expires:
            return {leave({})};
        case verb::set:
            return {store(what.values[0], new_one)};
        case verb::set_nx:
            return {is_live ? leave(no()) : store(what.values[0], new_one, yes())};
        case verb::set_xx:
            return {is_live ? store(what.values[0], new_one, yes()) : leave(no())};
        case verb::set_keepttl:
            return {store(what.values[0], is_live ? expiry::kept : expiry::none)};
        case verb::get_set:
            return {store(what.values[0], expiry::none, value(live))};
        case verb::append:
            return {append(what, live)};
        case verb::cas:
            return {compare_and_swap(what, live)};
        case verb::incr:
            return {add(what, live)};
        case verb::rate_limit:
            return {limit_rate(what, live, is_endless)};
        case verb::get_ex:
            return is_live ? touch(what, *live, is_endless) : std::vector{leave(value(live))};
        case verb::expire:
            return {is_live ? store(*live, expiry::from_now, yes()) : leave(no())};
        case verb::expire_at:
            return is_live ? expire_at(what, *live) : std::vector{leave(no())};
        case verb::persist:
            return {is_live && !is_endless ? store(*live, expiry::none, yes()) : leave(no())};
        case verb::get_del:
            return {is_live ? remove(value(live)) : leave(value(live))};
        case verb::del:
            return {is_live ? remove(yes()) : leave(no())};
        case verb::del_if:
            return {is_live && *live == what.expected ? remove(yes()) : leave(no())};
        case verb::mget:
        case verb::mset:
        case verb::mdel:
        case verb::crash:
            break;  // those on several keys come in parts
    }
    return {};
}

}  // namespace history
