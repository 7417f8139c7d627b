// Where clients come in: TCP addresses and a Unix socket.
#pragma once

#include <asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "event_loop.hpp"

namespace kvstore::gateway {

// Whoever came, with the addresses of both ends as Redis writes them.
using newcomer = std::function<void(stream_socket, std::string address, std::string local)>;

class listener {
  public:
    virtual ~listener() = default;
    virtual void close() = 0;
    virtual std::string where() const = 0;
    virtual bool is_local() const = 0;  // nobody from another machine gets here
};

// "host:port", "[::1]:6379", ":6379" for all addresses, as the option says. Throws
// std::runtime_error.
std::vector<std::unique_ptr<listener>> listen_to_address(const executor &on, const char *option,
                                                         const std::string &address,
                                                         const newcomer &then);
std::unique_ptr<listener> listen_to_path(const executor &on, const std::string &path,
                                         const newcomer &then);

}  // namespace kvstore::gateway
