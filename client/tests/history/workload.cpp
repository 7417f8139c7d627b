#include "workload.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace history {

namespace {

// How often each comes, more or less. What makes entries that do not expire comes seldom.
struct share {
    verb what;
    int weight;
};
constexpr std::array shares{
    share{verb::get, 14},    share{verb::exists, 3},  share{verb::ttl, 3},
    share{verb::expires, 6}, share{verb::set, 6},     share{verb::set_nx, 9},
    share{verb::set_xx, 5},  share{verb::get_set, 2}, share{verb::append, 4},
    share{verb::cas, 8},     share{verb::incr, 8},    share{verb::rate_limit, 6},
    share{verb::get_ex, 10}, share{verb::expire, 5},  share{verb::expire_at, 4},
    share{verb::persist, 2}, share{verb::get_del, 6}, share{verb::del, 4},
    share{verb::del_if, 4},  share{verb::mget, 3},    share{verb::mset, 3},
    share{verb::mdel, 2},
};

constexpr int sum_of_weights() {
    int sum = 0;
    for (const share &each : shares)
        sum += each.weight;
    return sum;
}

}  // namespace

workload::workload(const workload_options &options, std::uint64_t seed, int client)
    : options_(options), client_(client), random_(seed * 1000 + client), seen_(options.keys, "0") {}

int workload::below(int end) {
    return static_cast<int>(random_() % static_cast<std::uint64_t>(end));
}

// Of each order of magnitude as many.
micros workload::some_ttl() {
    constexpr double shortest = 500;
    const double part = static_cast<double>(below(1000)) / 1000;
    const double longest = static_cast<double>(options_.longest_ttl);
    return static_cast<micros>(shortest * std::pow(longest / shortest, part)) + below(100);
}

// No other client writes it, and this one not again. Most are counters, too.
std::string workload::new_value() {
    const std::string value = std::to_string((++values_ * 100 + client_) * 10);
    return one_in(10) ? "x" + value : value;
}

std::string workload::expected_value(int key) {
    return one_in(8) ? new_value() : seen_[key];
}

std::vector<int> workload::some_keys() {
    std::vector<int> keys;
    for (int key = 0; key < options_.keys; key++)
        if (one_in(options_.keys / 2 + 1))
            keys.push_back(key);
    if (keys.empty())
        keys.push_back(below(options_.keys));
    return keys;
}

operation workload::next(micros now) {
    int left = below(sum_of_weights());
    std::size_t chosen = 0;
    while (left >= shares[chosen].weight)
        left -= shares[chosen++].weight;
    operation what{.what = shares[chosen].what};
    choose_arguments(what, now);
    return what;
}

void workload::choose_arguments(operation &what, micros now) {
    const bool is_batch =
        what.what == verb::mget || what.what == verb::mset || what.what == verb::mdel;
    what.keys = is_batch ? some_keys() : std::vector{below(options_.keys)};
    for (std::size_t i = 0; i < what.keys.size(); i++)
        what.values.push_back(new_value());
    const micros ttl = some_ttl();
    const bool endless = one_in(8);
    const int number = 1 + below(3);
    switch (what.what) {
        case verb::set:
        case verb::set_nx:
        case verb::set_xx:
        case verb::mset:
            what.ttl = endless ? 0 : ttl;
            break;
        case verb::append:
            what.values = {one_in(2) ? "." : "7"};
            break;
        case verb::cas:
            if (!one_in(4))
                what.expected = expected_value(what.keys[0]);
            what.ttl = endless ? 0 : ttl;
            break;
        case verb::incr:
            what.ttl = endless ? 0 : ttl;
            what.number = one_in(20) ? INT64_MAX : number;
            break;
        case verb::rate_limit:
            what.ttl = ttl;
            what.most = one_in(3) ? never / 2 : 5;
            what.number = one_in(8) ? 0 : number;
            break;
        case verb::get_ex:
            what.ttl = ttl;
            what.slack = one_in(3) ? ttl / 2 + 1 : 0;
            break;
        case verb::expire:
            what.ttl = ttl;
            break;
        case verb::expire_at:
            what.at = endless ? never : now + ttl - options_.longest_ttl / 10;
            break;
        case verb::del_if:
            what.expected = expected_value(what.keys[0]);
            break;
        default:
            break;
    }
    const bool has_values = is_batch
                                ? what.what == verb::mset
                                : what.what == verb::set || what.what == verb::set_nx ||
                                      what.what == verb::set_xx || what.what == verb::get_set ||
                                      what.what == verb::append || what.what == verb::cas;
    if (!has_values)
        what.values.clear();
}

void workload::learn(const operation &what, const answer &answered) {
    if (answered.how != outcome::answered)
        return;
    for (std::size_t i = 0; i < std::min(what.keys.size(), answered.values.size()); i++)
        if (answered.values[i])
            seen_[what.keys[i]] = *answered.values[i];
    if (what.what == verb::incr)
        seen_[what.keys[0]] = std::to_string(answered.number);
    if (answered.yes && !what.values.empty())
        seen_[what.keys[0]] = what.values[0];
}

}  // namespace history
