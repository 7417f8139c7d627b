// The framing of requests: arrays of bulk strings, and inline commands, as bytes arrive in pieces
// of any size. What it keeps is bounded by what has arrived, never by what a client announces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvstore::gateway {

// Bytes that grow at the end and are taken from the beginning.
class input_buffer {
  public:
    // At least `least` bytes that may be written to; what view() gave is void then.
    std::span<char> room(std::size_t least);
    void filled(std::size_t size) { end_ += size; }
    void take(std::size_t size);
    std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
    std::size_t capacity() const { return capacity_; }

  private:
    void move_to(std::size_t capacity);

    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

struct request_limits {
    std::size_t request = std::size_t{64} << 20;  // bytes of one request
    std::size_t arguments = std::size_t{1} << 20;
    bool before_login = false;  // Redis then has words of its own for what is too large
};

class request_reader {
  public:
    enum class state : std::uint8_t { incomplete, complete, refused };

    void set_limits(const request_limits &limits) { limits_ = limits; }

    // Where the next bytes go, and how many came. Ends the arguments of the request before.
    std::span<char> room();
    void filled(std::size_t size) { buffer_.filled(size); }

    // Reads the next request. Once one is refused, all are.
    state next();

    // Of the request that next() has read, until it or room() is called again. Never empty.
    std::span<const std::string_view> arguments() const { return arguments_; }

    // Redis's words for what is wrong, without their ERR.
    const std::string &problem() const { return problem_; }

    std::size_t memory() const { return buffer_.capacity(); }
    std::size_t buffered() const { return buffer_.view().size(); }

  private:
    struct piece {
        std::size_t at;
        std::size_t size;
    };

    state read_request();
    state read_array_size();
    state read_bulk_size();
    state read_bulk();
    state read_inline();
    bool split_inline(std::string_view line);
    state refuse(std::string problem);
    state line(std::string_view &into, const char *problem_if_long);
    void finish();

    input_buffer buffer_;
    request_limits limits_;
    std::size_t at_ = 0;         // what of the buffer was read, for this request
    std::int64_t missing_ = -1;  // how many arguments are still to come; -1: not known yet
    std::int64_t bulk_ = -1;     // how long the next one is; -1: not known yet
    std::vector<piece> pieces_;
    std::vector<std::string> words_;  // of an inline command
    std::vector<std::string_view> arguments_;
    std::string problem_;
};

}  // namespace kvstore::gateway
