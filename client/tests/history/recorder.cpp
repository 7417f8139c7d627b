#include "recorder.hpp"

#include <chrono>
#include <stdexcept>

namespace history {

namespace {

// For shortest_wait in extension/src/rules/ttl.hpp: so much of a wait need not count.
constexpr micros shortest_wait = 1000;

}  // namespace

micros recorder::now() {
    using namespace std::chrono;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

micros recorder::next_moment() {
    const micros moment = now();
    if (moment < last_)
        throw std::runtime_error("the clock of this machine was set back: no history can be told");
    return last_ = moment;
}

calls recorder::begin(int client, const operation &what, bool counts_apart) {
    calls result;
    for (std::size_t i = 0; i < what.keys.size(); i++) {
        auto each = std::make_shared<call>();
        each->client = client;
        each->key = what.keys[i];
        each->what = part_of(what, i);
        each->is_told_nothing = what.what == verb::mset || what.what == verb::mdel;
        each->counts_apart = counts_apart || what.by == manner::steps;
        result.push_back(std::move(each));
    }
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return events_.size() < most_events; });
    const micros moment = next_moment();
    for (const auto &each : result) {
        each->called = moment;
        events_.push_back({moment, false, each});
    }
    if (under_way_.size() <= static_cast<std::size_t>(client))
        under_way_.resize(client + 1);
    under_way_[client] = result;
    return result;
}

void recorder::end(const calls &of, const answer &answered) {
    const std::lock_guard lock(mutex_);
    const micros moment = next_moment();
    for (std::size_t i = 0; i < of.size(); i++) {
        of[i]->answered = part_of(answered, i);
        of[i]->returned = moment;
        events_.push_back({moment, true, of[i]});
    }
    under_way_[of[0]->client].clear();
}

// An operation on several keys takes them in their order: at the last of them it
// has no other to wait for any more.
void recorder::waited(const std::vector<int> &clients, int key, micros seen) {
    const std::lock_guard lock(mutex_);
    const micros moment = next_moment();
    for (int client : clients) {
        if (under_way_.size() <= static_cast<std::size_t>(client) || under_way_[client].empty())
            continue;
        call &last = *under_way_[client].back();
        // What its first step saw stays so, however long the last one waits.
        if (last.key != key || last.called > seen || last.what.by == manner::steps)
            continue;
        last.waited_until = moment - shortest_wait;
        seen_waiting_++;
    }
}

void recorder::decided(const calls &of) {
    const std::lock_guard lock(mutex_);
    const micros moment = next_moment();
    for (const auto &each : of)
        each->decided_by = moment;
}

void recorder::becomes_visible(const calls &of) {
    const std::lock_guard lock(mutex_);
    const micros moment = next_moment();
    for (const auto &each : of)
        each->visible_from = moment;
}

std::vector<event> recorder::take() {
    std::vector<event> taken;
    const std::lock_guard lock(mutex_);
    taken.swap(events_);
    room_.notify_all();
    return taken;
}

}  // namespace history
