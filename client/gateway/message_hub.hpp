// Who hears which channels, of the clients of one role: over one connection that listens to
// PostgreSQL's notifications. How messages travel by them is in rules/redis_messages.hpp.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend.hpp"
#include "counters.hpp"

namespace kvstore::gateway {

class client;
class pool;

class message_hub {
  public:
    enum class kind : std::uint8_t { channel, pattern };

    message_hub(const executor &on, const pool &of_role, counters &counted)
        : on_(on), role_(of_role), counters_(counted), its_(on) {
        its_.when_notified([this] { deliver(); });
    }

    // Once the server listens: who is told so at once hears nothing before. Nothing, or why not.
    task<std::string> subscribe(client &one, const std::string &name, kind what);
    void unsubscribe(client &one, const std::string &name, kind what);
    void leave(client &one);  // all of them

    bool has_connection() const { return its_.has_connection(); }
    // Closes the connection if nobody has wanted to hear anything for that long.
    void close_idle(std::chrono::seconds longer_than);

    std::size_t subscribers(std::string_view channel) const;
    std::size_t receivers(std::string_view channel) const;  // those of patterns too
    std::size_t patterns() const { return patterns_.size(); }
    std::vector<std::string_view> channels() const;

  private:
    struct listened {
        std::string server_channel;  // as the server knows it
        std::set<client *> by;
    };
    using listeners = std::map<std::string, listened, std::less<>>;
    using held_clients = std::vector<std::shared_ptr<client>>;
    struct wish {
        std::string channel;  // as the server knows it; empty: the connection only
        bool is_listen;
        std::string problem;
        event done;
    };

    std::string channel_for(const std::string &name, kind what) const;
    task<std::string> listen(const std::string &channel);
    void want_no_more(const std::string &channel);
    bool is_wanted(const std::string &channel) const { return wanted_.contains(channel); }
    bool is_wanted() const { return !wishes_.empty() || !wanted_.empty(); }
    void make_sure_it_runs();
    task<void> run();
    task<void> fulfil_wishes();
    void deliver();
    std::vector<std::pair<std::string, held_clients>> matching(std::string_view channel) const;
    static held_clients held(const listened &some);
    void deliver_to(const held_clients &whom, std::string_view pattern, std::string_view channel,
                    std::string_view text);
    void close_listeners();

    executor on_;
    const pool &role_;
    counters &counters_;
    backend its_;
    bool is_running_ = false;
    bool is_waiting_ = false;
    bool is_over_ = false;  // it has been idle for long
    std::chrono::steady_clock::time_point last_wanted_{};
    std::optional<bool> in_utf8_;  // the database, as was known when the connection was opened
    listeners channels_;
    listeners patterns_;
    // By the server's names, of which different channels may have the same one: how many clients
    // want it, who hear it or will, and what the server sends.
    std::map<std::string, std::size_t> wanted_;
    std::set<std::string> heard_;
    std::deque<std::shared_ptr<wish>> wishes_;
};

}  // namespace kvstore::gateway
