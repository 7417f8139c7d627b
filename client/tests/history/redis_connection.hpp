// A connection of a Redis client: commands out, replies in, as RESP2 has them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace history {

using redis_command = std::vector<std::string>;

struct redis_reply {
    // '+' simple, '-' error, ':' integer, '$' bulk, '*' array, '_' none.
    char type = '_';
    std::string text = {};
    std::int64_t number = 0;
    std::vector<redis_reply> elements = {};
};

class redis_connection {
  public:
    // The path of a Unix socket.
    explicit redis_connection(std::string path) : path_(std::move(path)) {}
    ~redis_connection() { close(); }
    redis_connection(const redis_connection &) = delete;
    redis_connection &operator=(const redis_connection &) = delete;

    // Makes sure that there is one; connection_lost if there cannot be.
    void connect();

    // The replies to all of them, which are sent at once. The connection may get lost meanwhile.
    std::vector<redis_reply> ask(const std::vector<redis_command> &commands);

  private:
    bool is_open();
    void close();
    [[noreturn]] void lose(const char *how);
    void send(const std::string &bytes);
    void receive();
    std::string take_line();
    std::string take(std::size_t size);
    redis_reply take_reply();

    const std::string path_;
    int socket_ = -1;
    std::string received_;
};

}  // namespace history
