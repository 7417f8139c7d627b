// The backends of one role, and what waits for them. Whatever has arrived when a backend becomes
// free goes to it as one batch, so batches grow with the load by themselves.
//
// Main backends never wait for a lock: what would is handed back, and sent to a backend that is
// kept for waiting, by itself.
#pragma once

#include <deque>
#include <list>
#include <string>
#include <vector>

#include "backend.hpp"
#include "counters.hpp"
#include "job.hpp"

namespace kvstore::gateway {

struct pool_sizes {
    std::size_t main = 1;
    std::size_t waiting = 16;  // at most; each is opened when it is needed
};

class pool {
  public:
    pool(const executor &on, server_address address, const pool_sizes &sizes, counters &counted)
        : on_(on), address_(std::move(address)), sizes_(sizes), counters_(counted) {}

    // It is done some time later, and not before this returns. Both live until then.
    void submit(job &what);
    // Nobody waits for it any more, and it is done soon: what was not sent by now is not carried
    // out, and what waits for a row is canceled.
    void withdraw(job &what);

    // A backend that has logged in already.
    void adopt(std::unique_ptr<backend> opened);
    void set_password(std::string password) { address_.password = std::move(password); }
    const server_address &address() const { return address_; }

    // Closes the backends that were idle for that long.
    void close_idle(std::chrono::seconds longer_than);
    bool is_idle() const;
    std::size_t open_backends() const;
    int databases() const { return databases_; }  // as far as is known
    void set_databases(int number) { databases_ = number; }
    // So far as is known: the server says so when a connection is opened, and when it is promoted.
    bool is_on_standby() const;

  private:
    // A coroutine that carries out what is in a queue, with a backend of its own.
    struct worker {
        std::unique_ptr<backend> its;
        event woken;
        bool busy = false;
        job *waits_with = nullptr;  // what the backend may wait for a row with
        bool is_canceling = false;
        event canceled;
        std::chrono::steady_clock::time_point last_used;
    };
    struct queue {
        std::deque<job *> jobs;
        std::list<worker> workers;
        bool waking = false;
    };

    void wake(queue &one, std::size_t most);
    task<void> work(queue &from, worker &self);
    task<void> let_more_arrive();
    bool few_wait() const;
    std::vector<job *> take_batch();
    task<bool> ready(worker &self, std::string &problem);

    task<void> carry_out(backend &on, std::vector<job *> jobs);
    task<void> carry_out_alone(backend &on, job &what, bool had_others);
    task<void> carry_out_waiting(backend &on, job &what);
    task<void> carry_out_exec(backend &on, job &what, bool may_wait);
    task<void> cancel(worker &whose);
    void hand_back(job &what, queue &to);
    void queue_up(job &what, queue &in);
    void take_replies_after_next(answer from, std::vector<job *> jobs);
    void take_replies(const answer &from, std::span<job *const> jobs);
    task<answer> call_until_serializable(backend &on, const std::string &batch, job &what);
    // Whether a try that failed by what others did is worth another one.
    static bool helps_at_once(const answer &told, backend &on, job &what);
    static bool helps_later(const answer &told, const job &what);
    void put_off(job &what, queue &from);
    task<void> come_back(job &what, queue &to, std::chrono::milliseconds pause);
    void go_on(job &what);
    task<void> ask_again();
    void settle(job &what, redis::section_status status);

    executor on_;
    server_address address_;
    pool_sizes sizes_;
    counters &counters_;
    queue main_;
    queue waiting_;
    bool is_asking_again_ = false;
    bool in_a_crowd_ = false;  // the last batch was of several clients
    int databases_ = 1;
    std::string last_problem_;  // of connecting
    std::chrono::steady_clock::time_point last_failure_{};
};

}  // namespace kvstore::gateway
