#include "listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asio/basic_socket_acceptor.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/local/stream_protocol.hpp>
#include <cerrno>
#include <stdexcept>
#include <vector>

#include "log.hpp"
#include "rules/integer.hpp"

namespace kvstore::gateway {

namespace {

using asio::ip::tcp;
using local = asio::local::stream_protocol;

std::string text_of(const tcp::endpoint &one) {
    const std::string host = one.address().to_string();
    return (one.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(one.port());
}

// The file of a socket is the same for all who come through it.
std::string text_of(const local::endpoint &one) {
    return one.path() + ":0";
}

void prepare(asio::basic_stream_socket<tcp, executor> &one) {
    asio::error_code ignored;
    one.set_option(tcp::no_delay(true), ignored);
    one.set_option(asio::socket_base::keep_alive(true), ignored);
}

void prepare(asio::basic_stream_socket<local, executor> &) {}

template <class Protocol>
class listener_of : public listener {
  public:
    // Each address is one of its own: all of IPv6's do not include those of IPv4.
    listener_of(const executor &on, const typename Protocol::endpoint &at, newcomer then)
        : acceptor_(on, at.protocol()), where_(text_of(at)), then_(std::move(then)) {
        acceptor_.set_option(asio::socket_base::reuse_address(true));
        if constexpr (std::is_same_v<Protocol, tcp>)
            if (at.protocol() == tcp::v6())
                acceptor_.set_option(asio::ip::v6_only(true));
        acceptor_.bind(at);
        acceptor_.listen();
    }
    ~listener_of() override { listener_of::close(); }

    void start() {
        acceptor_.async_accept(
            [this](asio::error_code problem, asio::basic_stream_socket<Protocol, executor> one) {
                // It may have been closed when somebody had come already.
                if (problem == asio::error::operation_aborted || !acceptor_.is_open())
                    return;
                if (problem)
                    pause(problem.message());
                else
                    welcome(std::move(one)), start();
            });
    }

    // The file goes first: once nobody listens, the next program may put its own there.
    void close() override {
        asio::error_code ignored;
        if (!unlink_.empty())
            unlink(std::exchange(unlink_, "").c_str());
        acceptor_.close(ignored);
        pausing_.cancel();
    }
    std::string where() const override { return where_; }
    bool is_local() const override {
        if constexpr (std::is_same_v<Protocol, tcp>)
            return acceptor_.local_endpoint().address().is_loopback();
        else
            return true;
    }
    void unlink_at_end(std::string path) { unlink_ = std::move(path); }

  private:
    void welcome(asio::basic_stream_socket<Protocol, executor> one) {
        prepare(one);
        asio::error_code gone;
        const auto far = one.remote_endpoint(gone);
        if (gone)
            return;
        std::string address = text_of(far);
        std::string its_local = text_of(one.local_endpoint(gone));
        if constexpr (!std::is_same_v<Protocol, tcp>)
            address = its_local;
        then_(stream_socket(std::move(one)), std::move(address), std::move(its_local));
    }

    // Such as too many open files, which is over when clients have gone.
    void pause(const std::string &why) {
        log("no client can be taken on at " + where_ + " now: " + why);
        pausing_.expires_after(std::chrono::milliseconds(500));
        pausing_.async_wait([this](asio::error_code canceled) {
            if (!canceled && acceptor_.is_open())
                start();
        });
    }

    asio::basic_socket_acceptor<Protocol, executor> acceptor_;
    std::string where_;
    newcomer then_;
    steady_timer pausing_{acceptor_.get_executor()};
    std::string unlink_;
};

// The last colon divides; an address of IPv6 is in brackets.
std::pair<std::string, std::string> host_and_port(const char *option, const std::string &address) {
    const std::size_t colon = address.rfind(':');
    if (colon == address.npos)
        throw std::runtime_error(std::string(option) + " " + address + ": it is HOST:PORT");
    std::string host = address.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    if (host == "*")
        host.clear();
    // The system would take the number modulo 65536.
    const std::optional<std::int64_t> port = parse_integer(address.substr(colon + 1));
    if (!port || *port < 0 || *port > 65535)
        throw std::runtime_error(std::string(option) + " " + address +
                                 ": its port is no number from 0 to 65535");
    return {host, std::to_string(*port)};
}

// A name may have addresses of a family that this machine does not have.
std::unique_ptr<listener> listen_if_there(const executor &on, const tcp::endpoint &at,
                                          const newcomer &then, asio::error_code &missing) {
    try {
        auto one = std::make_unique<listener_of<tcp>>(on, at, then);
        one->start();
        return one;
    } catch (const std::system_error &problem) {
        if (problem.code() != asio::error::address_family_not_supported &&
            problem.code() != std::errc::address_not_available)
            throw;
        missing = problem.code();
        return nullptr;
    }
}

}  // namespace

std::vector<std::unique_ptr<listener>> listen_to_address(const executor &on, const char *option,
                                                         const std::string &address,
                                                         const newcomer &then) {
    const auto [host, port] = host_and_port(option, address);
    asio::ip::basic_resolver<tcp, executor> resolver(on);
    std::vector<std::unique_ptr<listener>> made;
    asio::error_code missing;
    try {
        for (const auto &each : resolver.resolve(host, port, asio::ip::resolver_base::passive))
            if (auto one = listen_if_there(on, each.endpoint(), then, missing))
                made.push_back(std::move(one));
        if (made.empty())
            throw std::system_error(missing);
    } catch (const std::system_error &problem) {
        throw std::runtime_error(std::string(option) + " " + address + ": " +
                                 problem.code().message());
    }
    return made;
}

namespace {

// What a program that was killed has left behind, and nobody listens to. One that takes nobody on
// now, for others who wait, is there.
void remove_stale(const std::string &path) {
    struct stat found;
    if (lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode))
        return;
    const local::endpoint it(path);
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const bool is_refused =
        connect(probe, it.data(), static_cast<socklen_t>(it.size())) != 0 && errno == ECONNREFUSED;
    if (probe >= 0)
        ::close(probe);
    if (is_refused)
        unlink(path.c_str());
}

}  // namespace

std::unique_ptr<listener> listen_to_path(const executor &on, const std::string &path,
                                         const newcomer &then) {
    try {
        remove_stale(path);
        auto one = std::make_unique<listener_of<local>>(on, local::endpoint(path), then);
        one->unlink_at_end(path);
        chmod(path.c_str(), 0777);  // as for a port: who may do what, roles say
        one->start();
        return one;
    } catch (const std::system_error &problem) {
        throw std::runtime_error("--socket " + path + ": " + problem.code().message());
    }
}

}  // namespace kvstore::gateway
