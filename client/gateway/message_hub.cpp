#include "message_hub.hpp"

#include "client.hpp"
#include "log.hpp"
#include "pool.hpp"
#include "reply.hpp"
#include "rules/glob.hpp"
#include "rules/redis_messages.hpp"

namespace kvstore::gateway {

namespace {

// A client that reads its messages too slowly is closed, as Redis does.
constexpr std::size_t most_unsent = std::size_t{32} << 20;

std::string quoted_identifier(std::string_view name) {
    std::string text = "\"";
    for (const char c : name)
        text.append(c == '"' ? 2 : 1, c);
    return text + "\"";
}

}  // namespace

// --- Who listens -------------------------------------------------------------------------------

std::string message_hub::channel_for(const std::string &name, kind what) const {
    if (what == kind::pattern)
        return std::string(redis::patterns_channel);
    return std::string(redis::notify_channel(name, in_utf8_ == true).name());
}

// A message may come before the server's word that it listens: so whoever waits for that does not
// belong to those who hear the channel yet.
task<std::string> message_hub::subscribe(client &one, const std::string &name, kind what) {
    // What is not ASCII is named by the encoding of the database.
    while (!in_utf8_) {
        std::string problem = co_await listen("");
        if (!problem.empty())
            co_return problem;
    }
    const std::string channel = channel_for(name, what);
    wanted_[channel]++;
    while (!heard_.contains(channel)) {
        std::string problem = co_await listen(channel);
        if (!problem.empty()) {
            want_no_more(channel);
            co_return problem;
        }
    }
    listened &all = (what == kind::channel ? channels_ : patterns_)[name];
    all.server_channel = channel;
    all.by.insert(&one);
    co_return "";
}

task<std::string> message_hub::listen(const std::string &channel) {
    const auto asked = std::make_shared<wish>();
    asked->channel = channel;
    asked->is_listen = true;
    wishes_.push_back(asked);
    make_sure_it_runs();
    co_await asked->done.wait();
    co_return asked->problem;
}

void message_hub::unsubscribe(client &one, const std::string &name, kind what) {
    listeners &all = what == kind::channel ? channels_ : patterns_;
    const auto found = all.find(name);
    if (found == all.end() || found->second.by.erase(&one) == 0)
        return;
    const std::string channel = found->second.server_channel;
    if (found->second.by.empty())
        all.erase(found);
    want_no_more(channel);
}

void message_hub::want_no_more(const std::string &channel) {
    const auto its = wanted_.find(channel);
    if (--its->second > 0)
        return;
    wanted_.erase(its);
    last_wanted_ = std::chrono::steady_clock::now();
    if (!heard_.contains(channel))
        return;
    const auto asked = std::make_shared<wish>();
    asked->channel = channel;
    asked->is_listen = false;
    wishes_.push_back(asked);
    make_sure_it_runs();
}

void message_hub::leave(client &one) {
    for (const std::string &name : one.channels)
        unsubscribe(one, name, kind::channel);
    for (const std::string &name : one.patterns)
        unsubscribe(one, name, kind::pattern);
}

std::size_t message_hub::subscribers(std::string_view channel) const {
    const auto found = channels_.find(channel);
    return found != channels_.end() ? found->second.by.size() : 0;
}

std::size_t message_hub::receivers(std::string_view channel) const {
    if (channel.size() > redis::longest_channel_of_redis)
        return 0;  // the server refuses the message
    std::size_t number = subscribers(channel);
    for (const auto &[pattern, whom] : patterns_)
        if (glob_matches(pattern, channel))
            number += whom.by.size();
    return number;
}

std::vector<std::string_view> message_hub::channels() const {
    std::vector<std::string_view> names;
    for (const auto &[name, whom] : channels_)
        names.push_back(name);
    return names;
}

// --- The connection ----------------------------------------------------------------------------

void message_hub::make_sure_it_runs() {
    if (is_waiting_)
        its_.interrupt();
    else if (!std::exchange(is_running_, true))
        spawn(on_, run());
}

void message_hub::close_idle(std::chrono::seconds longer_than) {
    if (!is_waiting_ || is_wanted() ||
        std::chrono::steady_clock::now() - last_wanted_ <= longer_than)
        return;
    is_over_ = true;
    its_.interrupt();
}

// As long as somebody listens, and for a while longer, in case somebody comes back.
task<void> message_hub::run() {
    while (!std::exchange(is_over_, false) || is_wanted()) {
        if (!its_.is_open()) {
            close_listeners();
            if (!is_wanted())
                break;
            const std::string problem = co_await its_.open(role_.address());
            if (problem.empty()) {
                in_utf8_ = its_.parameter("server_encoding") == "UTF8";
            } else {
                for (const auto &each : std::exchange(wishes_, {})) {
                    each->problem = problem;
                    each->done.set();
                }
                break;
            }
        }
        co_await fulfil_wishes();
        deliver();
        if (!wishes_.empty() || !its_.is_open())
            continue;
        is_waiting_ = true;
        co_await its_.wait_for_input();
        is_waiting_ = false;
    }
    its_.close();
    heard_.clear();
    is_running_ = false;
    if (!wishes_.empty())
        make_sure_it_runs();
}

task<void> message_hub::fulfil_wishes() {
    while (!wishes_.empty()) {
        const std::shared_ptr<wish> next = wishes_.front();
        wishes_.pop_front();
        // Meanwhile somebody may have come, or left.
        const bool is_due =
            next->is_listen ? !heard_.contains(next->channel) : !is_wanted(next->channel);
        if (is_due && !next->channel.empty()) {
            // Who comes while it is under way has to ask for the channel anew.
            if (!next->is_listen)
                heard_.erase(next->channel);
            const std::string statement =
                (next->is_listen ? "LISTEN " : "UNLISTEN ") + quoted_identifier(next->channel);
            const answer told = co_await its_.execute(statement.c_str());
            next->problem = told.message;
            if (told.how == answer::kind::done && next->is_listen)
                heard_.insert(next->channel);
        }
        next->done.set();
    }
}

// Nobody knows what they have missed, so they are to know that they may have.
void message_hub::close_listeners() {
    if (heard_.empty())
        return;
    heard_.clear();
    log("the connection that listens broke: clients that hear channels are closed");
    held_clients whom;
    for (const listeners *all : {&channels_, &patterns_})
        for (const auto &[name, some] : *all)
            for (client *each : some.by)
                whom.push_back(each->shared_from_this());
    for (const auto &each : whom)
        each->close();
}

// --- Messages ----------------------------------------------------------------------------------

void message_hub::deliver() {
    while (const backend::notification next = its_.next_notification()) {
        std::string scratch;
        const auto read = redis::read_message(scratch, next->relname, next->extra);
        if (!read)
            continue;
        if (next->relname == redis::patterns_channel) {
            for (const auto &[pattern, whom] : matching(read->channel))
                deliver_to(whom, pattern, read->channel, read->text);
        } else if (const auto found = channels_.find(read->channel); found != channels_.end()) {
            deliver_to(held(found->second), {}, read->channel, read->text);
        }
    }
}

// Copies, since a client that is closed for its slowness leaves its patterns.
std::vector<std::pair<std::string, message_hub::held_clients>> message_hub::matching(
    std::string_view channel) const {
    std::vector<std::pair<std::string, held_clients>> found;
    for (const auto &[pattern, some] : patterns_)
        if (glob_matches(pattern, channel))
            found.emplace_back(pattern, held(some));
    return found;
}

message_hub::held_clients message_hub::held(const listened &some) {
    held_clients all;
    all.reserve(some.by.size());
    for (client *each : some.by)
        all.push_back(each->shared_from_this());
    return all;
}

void message_hub::deliver_to(const held_clients &whom, std::string_view pattern,
                             std::string_view channel, std::string_view text) {
    for (const auto &one : whom) {
        if (one->is_closed())
            continue;
        reply_writer out(one->out, one->protocol);
        out.push(pattern.empty() ? 3 : 4);
        out.bulk(pattern.empty() ? "message" : "pmessage");
        if (!pattern.empty())
            out.bulk(pattern);
        out.bulk(channel);
        out.bulk(text);
        counters_.published++;
        if (one->unsent() > most_unsent)
            one->close();
        else
            one->flush();
    }
}

}  // namespace kvstore::gateway
