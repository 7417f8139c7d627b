#include "program.hpp"

#include <algorithm>
#include <array>
#include <asio/basic_signal_set.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <csignal>
#include <stdexcept>

#include "gateway.hpp"
#include "listener.hpp"
#include "log.hpp"
#include "metrics.hpp"
#include "open_files.hpp"
#include "service_manager.hpp"
#include "serving.hpp"
#include "tls.hpp"

namespace kvstore::gateway {

namespace {

constexpr auto time_to_log_in = std::chrono::seconds(10);
constexpr auto time_to_read = std::chrono::seconds(60);  // what was sent
constexpr auto time_to_stop = std::chrono::seconds(30);
constexpr auto time_to_withdraw = std::chrono::seconds(1);

// What it comes into the middle of, such as reading a file, goes on.
void go_on_after(int signal) {
    struct sigaction its {};
    sigaction(signal, nullptr, &its);
    its.sa_flags |= SA_RESTART;
    sigaction(signal, &its, nullptr);
}

// From now on: those that come before the loop runs wait for it.
struct signals {
    explicit signals(const executor &on) : set(on, SIGTERM, SIGINT, SIGHUP) {
        for (const int each : {SIGTERM, SIGINT, SIGHUP})
            go_on_after(each);
        hold_back_hangup(false);
    }
    asio::basic_signal_set<executor> set;
};

class program {
  public:
    explicit program(const settings &told)
        : in_(loop_.get_executor(), told), tls_(load_tls(told)) {}

    void start();
    void run() { loop_.run(); }

  private:
    void make_room_for_clients();
    void listen();
    void welcome(stream_socket socket, std::string address, std::string local);
    task<void> watch_signals();
    task<void> watch_input();
    task<void> look_after_clients();
    void look_after(client &one, client::clock::time_point now);
    void reload();
    task<void> stop();
    task<void> wait_for_clients(client::clock::duration at_most);

    asio::io_context loop_{ASIO_CONCURRENCY_HINT_UNSAFE};
    signals signals_{loop_.get_executor()};
    gateway in_;
    std::shared_ptr<asio::ssl::context> tls_;
    std::vector<std::unique_ptr<listener>> listeners_;
    std::vector<std::unique_ptr<listener>> metrics_;
};

// --- Coming up ---------------------------------------------------------------------------------

void program::start() {
    std::signal(SIGPIPE, SIG_IGN);
    make_room_for_clients();
    listen();
    if (!in_.told.metrics.empty())
        metrics_ = serve_metrics(in_);
    if (in_.told.anonymous_user.empty() && in_.told.user.empty())
        log("neither --anonymous-user nor --user is given: clients have to AUTH with a role's "
            "name");
    spawn(in_.on, watch_signals());
    if (in_.told.until_input_ends)
        spawn(in_.on, watch_input());
    spawn(in_.on, look_after_clients());
    log("ready for clients");
    tell_service_manager("READY=1");
}

void program::make_room_for_clients() {
    const std::size_t all = allow_open_files();
    if (most_clients() >= in_.told.max_clients)
        return;
    in_.told.max_clients = most_clients();
    log("--max-clients is " + std::to_string(in_.told.max_clients) + ", since only " +
        std::to_string(all) + " files may be open");
}

void program::listen() {
    const newcomer then = [this](stream_socket socket, std::string address, std::string local) {
        welcome(std::move(socket), std::move(address), std::move(local));
    };
    for (const std::string &address : in_.told.listen)
        if (!address.empty())
            for (auto &each : listen_to_address(in_.on, "--listen", address, then))
                listeners_.push_back(std::move(each));
    if (!in_.told.socket.empty())
        listeners_.push_back(listen_to_path(in_.on, in_.told.socket, then));
    if (listeners_.empty())
        throw std::runtime_error("neither --listen nor --socket says where clients come in");
    for (const auto &each : listeners_) {
        if (!each->is_local() && !tls_ && !in_.told.allow_plaintext)
            throw std::runtime_error(
                "--listen " + each->where() +
                " is reached from other machines, and passwords and values would pass the network "
                "unencrypted: give --tls-cert, or --allow-plaintext");
        log("listening on " + each->where() + (tls_ ? " with TLS" : ""));
    }
}

void program::welcome(stream_socket socket, std::string address, std::string local) {
    in_.counted.connections++;
    if (in_.clients.size() >= in_.told.max_clients) {
        in_.counted.rejected++;
        asio::error_code ignored;
        socket.non_blocking(true, ignored);
        if (!tls_)
            socket.send(asio::buffer(std::string_view("-ERR max number of clients reached\r\n")), 0,
                        ignored);
        return;
    }
    const std::uint64_t number = in_.next_client++;
    auto one =
        std::make_shared<client>(std::move(socket), number, std::move(address), std::move(local));
    one->as = in_.its_roles.anonymous();
    if (one->as != nullptr)
        one->as->clients++;
    in_.clients.emplace(number, one);
    spawn(in_.on, serve(in_, std::move(one), tls_));
}

// --- While it runs -----------------------------------------------------------------------------

task<void> program::look_after_clients() {
    for (;;) {
        co_await sleep_for(in_.on, std::chrono::seconds(1));
        const auto now = client::clock::now();
        const auto clients = in_.clients;  // some of them end
        for (const auto &[number, one] : clients)
            look_after(*one, now);
        std::erase_if(in_.pauses, [&](const auto &each) { return now >= each.second.until; });
        in_.its_roles.tidy();
        in_.commands_a_second = in_.counted.commands - in_.commands_before;
        in_.commands_before = in_.counted.commands;
    }
}

void program::look_after(client &one, client::clock::time_point now) {
    const auto timeout = std::chrono::seconds(in_.told.client_timeout);
    const bool is_stranger = one.as == nullptr || !one.is_ready;
    const bool is_idle = one.subscriptions() == 0 && !one.is_served;
    if (one.is_deaf_since(now - time_to_read) ||
        (is_stranger && now - one.stranger_since > time_to_log_in) ||
        (one.work.is_waiting() && one.has_hung_up()) ||
        (timeout.count() > 0 && is_idle && now - one.last_used > timeout))
        one.close();
    else
        one.flush();  // replies in front of a command that waits
}

task<void> program::watch_signals() {
    for (;;) {
        asio::error_code problem;
        const int number = co_await signals_.set.async_wait(on_error(problem));
        if (number == SIGHUP) {
            reload();
        } else {
            co_await stop();
            co_return;
        }
    }
}

task<void> program::watch_input() {
    asio::posix::basic_stream_descriptor<executor> input(in_.on, STDIN_FILENO);
    asio::error_code problem;
    std::array<char, 64> ignored;
    while (!problem)
        co_await input.async_read_some(asio::buffer(ignored), on_error(problem));
    co_await stop();
}

// Connections that are there go on with what they have.
void program::reload() {
    try {
        tls_ = load_tls(in_.told);
        log(tls_ ? "certificate and key were read again" : "there is nothing to read again");
    } catch (const std::runtime_error &problem) {
        log(std::string(problem.what()) + "; going on with the certificate as it was");
    }
}

// --- Ending ------------------------------------------------------------------------------------

// What has been received is answered, unless that takes too long.
task<void> program::stop() {
    if (std::exchange(in_.is_stopping, true))
        co_return;
    tell_service_manager("STOPPING=1");
    log("stopping");
    for (const auto &each : listeners_)
        each->close();
    for (const auto &[number, one] : in_.clients)
        one->stop_receiving();
    co_await wait_for_clients(time_to_stop);
    if (!in_.clients.empty()) {
        log(std::to_string(in_.clients.size()) + " clients were not answered in time");
        const auto clients = in_.clients;  // some of them end
        for (const auto &[number, one] : clients)
            one->close();
        co_await wait_for_clients(time_to_withdraw);
    }
    // Another signal, as impatient people send, is not to spoil the exit status.
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    loop_.stop();
}

// Until they have ended; who was closed does once nobody carries out anything for him.
task<void> program::wait_for_clients(client::clock::duration at_most) {
    const auto deadline = client::clock::now() + at_most;
    while (!in_.clients.empty() && client::clock::now() < deadline)
        co_await sleep_for(in_.on, std::chrono::milliseconds(10));
}

}  // namespace

void hold_back_hangup(bool is_held) {
    sigset_t hangup;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    sigprocmask(is_held ? SIG_BLOCK : SIG_UNBLOCK, &hangup, nullptr);
}

int run(const settings &told) {
    program one(told);
    one.start();
    one.run();
    return 0;
}

}  // namespace kvstore::gateway
