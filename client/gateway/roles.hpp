// The roles of PostgreSQL that clients are: each has backends of its own. Whether a password is
// right says the server, by a connection that is opened with it, and is then the role's first
// backend.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "message_hub.hpp"
#include "password_memory.hpp"
#include "pool.hpp"
#include "settings.hpp"

namespace kvstore::gateway {

struct role {
    role(const executor &on, server_address address, const pool_sizes &sizes, counters &counted)
        : name(address.user),
          backends(on, std::move(address), sizes, counted),
          messages(on, backends, counted) {}

    std::string name;
    std::string number;  // in PostgreSQL, since a role may be renamed, and another one get its name
    pool backends;
    message_hub messages;
    // For what is remembered of it.
    std::string identity() const { return name + " " + number; }
    std::size_t open_backends() const {
        return backends.open_backends() + (messages.has_connection() ? 1 : 0);
    }
    std::size_t clients = 0;
    password_memory password;
    std::chrono::steady_clock::time_point last_used = std::chrono::steady_clock::now();
};

class roles {
  public:
    roles(const executor &on, const settings &told, counters &counted);

    // Of clients that have not logged in; nullptr if they may do nothing.
    role *anonymous() { return anonymous_.get(); }

    struct login {
        role *as = nullptr;
        std::string error;  // if there is no role; with its prefix
    };
    // The role that Redis calls "default" is the one of --user. `address` is where the client is.
    task<login> log_in(std::string_view name, std::string_view password, std::string_view address);

    // Once in a while: closes what was not used for long.
    void tidy();

    template <class Visitor>
    void for_each(Visitor visit) {
        if (anonymous_)
            visit(*anonymous_);
        for (auto &[name, one] : by_name_)
            visit(*one);
        for (auto &one : former_)
            visit(*one);
    }

  private:
    // From an address; as a role from there; or by those who have a role's last password.
    struct attempts {
        int running = 0;
        int resting = 0;  // or running: see take_turn()
        int delayed = 0;
        int failures = 0;
        std::chrono::steady_clock::time_point last{};
    };
    struct attempt {
        attempts &from;  // the address
        attempts &as;    // the role, from there
    };
    struct waiter {
        attempt its;
        std::chrono::steady_clock::time_point gives_up;
        bool has_turn = false;
        event woken;
    };

    task<login> take_turn(attempt its, const std::string &name, const std::string &password);
    task<login> ask_server(const std::string &name, const std::string &password);
    task<bool> wait_for_turn(attempt its);
    void begin(const attempt &its);
    void let_others_run();
    void wake(const std::deque<waiter *>::const_iterator &which, bool has_turn);
    bool may_run(const attempt &its) const;
    role &known(const std::string &name, const std::string &number);
    role *find(std::string_view name);
    server_address address_of(const std::string &user, const std::string &password) const;

    executor on_;
    const settings &told_;
    counters &counters_;
    std::unique_ptr<role> anonymous_;
    std::map<std::string, std::unique_ptr<role>, std::less<>> by_name_;
    std::vector<std::unique_ptr<role>> former_;              // whose name another role has by now
    std::map<std::string, attempts, std::less<>> attempts_;  // by address
    std::deque<waiter *> waiting_;
    int running_ = 0;
};

}  // namespace kvstore::gateway
