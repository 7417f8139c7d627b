// A client: its socket, what is known of it, and the state of its connection.
#pragma once

#include <asio/ssl/stream.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "awake_wait.hpp"
#include "event_loop.hpp"
#include "job.hpp"
#include "request_reader.hpp"
#include "roles.hpp"

namespace kvstore::gateway {

// What MULTI has begun, and what WATCH asked for before.
struct transaction {
    struct watched {
        std::uint16_t database;
        std::string key;
        std::string version;
    };
    bool is_open = false;
    bool is_spoilt = false;  // EXEC will refuse
    std::vector<std::vector<std::string>> commands;
    bool writes = false;  // one of them does
    std::size_t bytes = 0;
    std::vector<watched> watching;
    bool has_changed = false;  // a watched key, as a command saw after WATCH

    std::vector<redis::watched_key> watched_keys() const;
    // Those that were absent when WATCH looked. They may be so again at EXEC, after a command has
    // seen them present; the version of an entry that was there never comes back.
    std::vector<redis::watched_key> absent_keys() const;
};

enum class replies_to_client : std::uint8_t { all, none, skip_next, skip_this };

class client : public std::enable_shared_from_this<client> {
  public:
    using clock = std::chrono::steady_clock;
    // The time of that clock to some milliseconds, which is enough for what is counted in seconds,
    // and asked for often.
    static clock::time_point rough_time();

    client(stream_socket its_socket, std::uint64_t its_number, std::string its_address,
           std::string its_own_address)
        : number(its_number),
          address(std::move(its_address)),
          local_address(std::move(its_own_address)),
          socket_(std::move(its_socket)) {}

    // --- What is known of it ---
    const std::uint64_t number;
    const std::string address;  // host:port, or path:0
    const std::string local_address;
    const clock::time_point created = clock::now();
    clock::time_point last_used = clock::now();  // sent or took something, or was last served
    std::string name;
    std::string library;
    std::string library_version;
    std::string last_command = "NULL";
    bool no_evict = false;
    bool no_touch = false;

    // --- The state of the connection ---
    int protocol = 2;
    std::uint16_t database = 0;
    role *as = nullptr;  // nullptr: not logged in
    clock::time_point stranger_since = created;
    bool has_logged_in = false;
    transaction its_transaction;
    replies_to_client replying = replies_to_client::all;
    bool is_muted() const {
        return replying == replies_to_client::none || replying == replies_to_client::skip_this;
    }
    role *hears_as = nullptr;  // whose connection listens for it, if it has subscriptions
    std::set<std::string, std::less<>> channels;
    std::set<std::string, std::less<>> patterns;
    std::size_t subscriptions() const { return channels.size() + patterns.size(); }

    request_reader requests;
    job work;
    struct publication {
        std::size_t command;  // which of the section's
        std::size_t receivers;
    };
    std::vector<publication> publications;  // in the section, that somebody hears
    bool is_ready = false;                  // for commands: TLS has been agreed on
    bool is_served = false;                 // not waiting for its next command

    // Whether nobody is there any more, so far as can be told. Who merely sends nothing more may
    // still read.
    bool has_hung_up();

    // --- Sending ---
    std::string out;  // what is to be sent next
    void flush();
    std::size_t unsent() const { return out.size() + sending_.size() - sent_; }
    task<void> until_sent(std::size_t at_most);  // so much is left, or it is closed
    // Whether it has taken nothing for so long, although there is something for it.
    bool is_deaf_since(clock::time_point then) const { return is_sending_ && last_sent_ < then; }

    // --- Receiving ---
    task<std::size_t> receive(asio::error_code &problem);
    // Waits for a moment, awake, for what receive() then finds.
    void await_at_once();
    task<asio::error_code> shake_hands(asio::ssl::context &with);
    const std::optional<asio::ssl::stream<stream_socket &>> &tls() const { return tls_; }

    // Nothing more is read or sent; or nothing more is read, and the rest is sent first.
    void close();
    void close_when_sent() { closing_ = true; }
    // Nothing more comes than what is there by now.
    void stop_receiving();
    bool is_closed() const { return closed_; }
    bool is_closing() const { return closed_ || closing_; }
    int descriptor() { return closed_ ? -1 : socket_.native_handle(); }

  private:
    void sent(asio::error_code problem, std::size_t size);
    void tell_end();

    stream_socket socket_;
    std::optional<asio::ssl::stream<stream_socket &>> tls_;
    std::string sending_;
    std::size_t sent_ = 0;  // of sending_
    bool is_sending_ = false;
    bool is_probed_ = false;
    clock::time_point last_sent_{};
    awake_wait awake_;
    bool closing_ = false;
    bool closed_ = false;
    event progress_;
};

}  // namespace kvstore::gateway
