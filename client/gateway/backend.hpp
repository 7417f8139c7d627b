// One connection to the server. Nothing here waits without letting others go on, save the search
// for the server's address by name, which libpq does at once.
#pragma once

#include <libpq-fe.h>

#include <asio/posix/basic_stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "awake_wait.hpp"
#include "event_loop.hpp"

namespace kvstore::gateway {

struct server_address {
    std::string conninfo;
    std::string user;       // empty: as conninfo says
    std::string password;   // likewise
    std::string stores;     // for kvstore.redis_stores; empty: as the server has it
    bool must_ask = false;  // refuse a server that lets us in without having asked for the password
};

class result {
  public:
    result() = default;
    explicit result(PGresult *its_own) : its_(its_own, &PQclear) {}
    PGresult *get() const { return its_.get(); }
    std::string_view bytes(int row = 0, int column = 0) const {
        return {PQgetvalue(get(), row, column),
                static_cast<std::size_t>(PQgetlength(get(), row, column))};
    }

  private:
    std::unique_ptr<PGresult, decltype(&PQclear)> its_{nullptr, &PQclear};
};

struct answer {
    enum class kind : std::uint8_t { done, failed, lost };
    kind how = kind::done;
    result rows;           // if it is done
    std::string sqlstate;  // if it failed
    std::string message;   // if it did not get done
    // If it failed before it began: the statement itself could not be planned.
    bool is_unplanned = false;

    // A serialization failure, or a deadlock: nothing was done, and the next try may go well.
    bool may_help_again() const { return sqlstate == "40001" || sqlstate == "40P01"; }
};

class backend {
  public:
    explicit backend(const executor &on) : on_(on), socket_(on) {}
    ~backend() { close(); }
    backend(const backend &) = delete;
    backend &operator=(const backend &) = delete;

    // Connects, and sees to it that the server and this program understand each other. Nothing, or
    // why not.
    task<std::string> open(const server_address &to);
    void close();

    // Whether it is open, so far as is known by now.
    bool is_open();
    // Whether libpq keeps much memory, which it does since it was needed once.
    bool is_bloated() const { return bloated_; }
    bool has_connection() const { return connection_ != nullptr; }
    // Whether the last open() failed since the server refused the user or the password.
    bool was_refused() const { return refused_; }
    int databases() const { return databases_; }
    // The number of the role that has logged in, which stays the same when it is renamed.
    const std::string &role_number() const { return role_number_; }
    // The server's process, as the server knows it, whatever a pooler may say.
    const std::string &process() const { return process_; }

    // kv_redis_batch(batch), as a transaction of its own; or in one that begins with `begin`. What
    // is likely answered at once may be waited for awake, where nobody else needs the time.
    enum class waiting : bool { asleep, awake };
    task<answer> call(std::string_view batch, waiting how = waiting::asleep);
    task<answer> call_in_transaction(const char *begin, std::string_view batch);

    // A statement, with an argument in text if it has one.
    task<answer> execute(const char *statement, const char *argument = nullptr);

    // What has been notified, one after the other; nothing if there is no more. Waits for more.
    using notification = std::unique_ptr<PGnotify, decltype(&PQfreemem)>;
    notification next_notification() { return {PQnotifies(connection_), &PQfreemem}; }
    task<void> wait_for_input();
    // Has `take` take them while a statement is carried out, too.
    void when_notified(std::function<void()> take) { take_notifications_ = std::move(take); }
    void interrupt() { socket_.cancel(); }  // that waiting

    // A parameter that the server reports; empty if it does not.
    std::string_view parameter(const char *name) const;
    bool is_on_standby() const { return parameter("in_hot_standby") == "on"; }

  private:
    using descriptor = asio::posix::basic_stream_descriptor<executor>;

    task<std::string> log_in(const server_address &to);
    task<std::string> meet(const server_address &to);
    task<void> have_end_noticed();
    task<std::string> find_extension();
    task<std::string> learn_databases();
    task<bool> has_met_again(answer &told);
    task<answer> call_once(std::string_view batch, waiting how = waiting::asleep);
    task<answer> call_once_in_transaction(const char *begin, std::string_view batch);
    void follow_socket();
    task<bool> wait(descriptor::wait_type what);
    task<bool> send_rest();
    task<answer> read_answer(waiting how = waiting::asleep);
    task<result> read_result();
    bool send_batch(std::string_view batch);
    answer lost();

    executor on_;
    descriptor socket_;  // of libpq, which closes it
    PGconn *connection_ = nullptr;
    bool refused_ = false;
    bool bloated_ = false;
    int databases_ = 1;
    std::string role_number_;
    std::string process_;
    awake_wait awake_;
    std::function<void()> take_notifications_;
};

}  // namespace kvstore::gateway
