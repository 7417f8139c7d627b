#include "redis_connection.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "connection.hpp"

namespace history {

namespace {

// A reply that has not come by then never will.
constexpr timeval longest_silence{.tv_sec = 600, .tv_usec = 0};

std::string encoded(const std::vector<redis_command> &commands) {
    std::string bytes;
    for (const redis_command &each : commands) {
        bytes += "*" + std::to_string(each.size()) + "\r\n";
        for (const std::string &argument : each)
            bytes += "$" + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
    }
    return bytes;
}

}  // namespace

void redis_connection::connect() {
    if (is_open())
        return;
    close();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    socket_ = socket(AF_UNIX, SOCK_STREAM, 0);
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &longest_silence, sizeof(longest_silence));
    if (::connect(socket_, reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
        lose(std::strerror(errno));
}

// Nothing is under way: what there is to read can only be the end.
bool redis_connection::is_open() {
    char byte = 0;
    return socket_ >= 0 && recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

void redis_connection::close() {
    if (socket_ >= 0)
        ::close(std::exchange(socket_, -1));
    received_.clear();
}

void redis_connection::lose(const char *how) {
    close();
    throw connection_lost(path_ + ": " + how);
}

std::vector<redis_reply> redis_connection::ask(const std::vector<redis_command> &commands) {
    send(encoded(commands));
    std::vector<redis_reply> replies;
    for (std::size_t i = 0; i < commands.size(); i++)
        replies.push_back(take_reply());
    return replies;
}

void redis_connection::send(const std::string &bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t size =
            ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (size <= 0)
            lose("it was closed");
        sent += static_cast<std::size_t>(size);
    }
}

void redis_connection::receive() {
    std::array<char, 4096> bytes;
    const ssize_t size = recv(socket_, bytes.data(), bytes.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        throw std::runtime_error(path_ + " does not answer");
    if (size <= 0)
        lose("it was closed");
    received_.append(bytes.data(), static_cast<std::size_t>(size));
}

std::string redis_connection::take_line() {
    while (received_.find("\r\n") == received_.npos)
        receive();
    std::string line = received_.substr(0, received_.find("\r\n"));
    received_.erase(0, line.size() + 2);
    return line;
}

std::string redis_connection::take(std::size_t size) {
    while (received_.size() < size + 2)
        receive();
    std::string bytes = received_.substr(0, size);
    received_.erase(0, size + 2);
    return bytes;
}

redis_reply redis_connection::take_reply() {
    const std::string line = take_line();
    redis_reply reply{.type = line.at(0), .text = line.substr(1)};
    if (std::strchr(":$*", reply.type) == nullptr)
        return reply;
    reply.number = std::stoll(reply.text);
    if (reply.type != ':' && reply.number < 0)
        return {};
    if (reply.type == '$')
        reply.text = take(static_cast<std::size_t>(reply.number));
    for (std::int64_t i = 0; reply.type == '*' && i < reply.number; i++)
        reply.elements.push_back(take_reply());
    return reply;
}

}  // namespace history
