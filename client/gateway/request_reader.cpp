#include "request_reader.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "memory.hpp"
#include "rules/integer.hpp"
#include "rules/redis_cli.hpp"

namespace kvstore::gateway {

// --- Bytes --------------------------------------------------------------------------------------

namespace {

constexpr std::size_t usual_room = 16 * 1024;
constexpr std::size_t kept_when_empty = 64 * 1024;

}  // namespace

std::span<char> input_buffer::room(std::size_t least) {
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (capacity_ > kept_when_empty)
            move_to(std::max(least, usual_room));
    }
    if (capacity_ - end_ < least) {
        const std::size_t used = end_ - begin_;
        move_to(used + least <= capacity_ / 2 ? capacity_ : std::max(used + least, capacity_ * 2));
    }
    return {bytes_.get() + end_, capacity_ - end_};
}

void input_buffer::move_to(std::size_t capacity) {
    const std::size_t used = end_ - begin_;
    if (capacity == capacity_) {
        std::memmove(bytes_.get(), bytes_.get() + begin_, used);
    } else {
        auto larger = std::make_unique_for_overwrite<char[]>(capacity);
        if (used > 0)
            std::memcpy(larger.get(), bytes_.get() + begin_, used);
        bytes_ = std::move(larger);
        capacity_ = capacity;
    }
    begin_ = 0;
    end_ = used;
}

void input_buffer::take(std::size_t size) {
    begin_ += size;
}

// --- Requests -----------------------------------------------------------------------------------

namespace {

constexpr std::size_t longest_line = 64 * 1024;
constexpr std::size_t most_kept_arguments = 1024;  // room for them

}  // namespace

std::span<char> request_reader::room() {
    return buffer_.room(usual_room);
}

request_reader::state request_reader::next() {
    if (!problem_.empty())
        return state::refused;
    for (;;) {
        const state read = read_request();
        if (read != state::complete || !arguments_.empty())
            return read;  // an empty array or line is nothing to answer
    }
}

request_reader::state request_reader::read_request() {
    if (arguments_.capacity() > most_kept_arguments)
        give_back(arguments_);
    arguments_.clear();
    if (at_ == 0 && missing_ < 0) {
        if (buffer_.view().empty())
            return state::incomplete;
        if (buffer_.view().front() != '*')
            return read_inline();
        if (const state read = read_array_size(); read != state::complete)
            return read;
    }
    while (missing_ > 0) {
        if (bulk_ < 0)
            if (const state read = read_bulk_size(); read != state::complete)
                return read;
        if (const state read = read_bulk(); read != state::complete)
            return read;
    }
    finish();
    return state::complete;
}

// What stands before the next \r\n.
request_reader::state request_reader::line(std::string_view &into, const char *problem_if_long) {
    const std::string_view rest = buffer_.view().substr(at_);
    const std::size_t end = rest.find('\r');
    if (end == rest.npos)
        return rest.size() > longest_line ? refuse(problem_if_long) : state::incomplete;
    if (end + 1 == rest.size())
        return state::incomplete;
    into = rest.substr(0, end);
    at_ += end + 2;
    return state::complete;
}

request_reader::state request_reader::read_array_size() {
    std::string_view text;
    if (const state read = line(text, "Protocol error: too big mbulk count string");
        read != state::complete)
        return read;
    const std::optional<std::int64_t> count = parse_strict_integer(text.substr(1));
    if (!count || *count > std::numeric_limits<std::int32_t>::max())
        return refuse("Protocol error: invalid multibulk length");
    if (*count > 10 && limits_.before_login)
        return refuse("Protocol error: unauthenticated multibulk length");
    if (*count > static_cast<std::int64_t>(limits_.arguments))
        return refuse("Protocol error: invalid multibulk length");
    missing_ = std::max<std::int64_t>(*count, 0);
    return state::complete;
}

request_reader::state request_reader::read_bulk_size() {
    std::string_view text;
    if (const state read = line(text, "Protocol error: too big bulk count string");
        read != state::complete)
        return read;
    if (!text.starts_with('$')) {
        std::string problem = "Protocol error: expected '$', got '";
        problem += text.empty() ? '\r' : text.front();
        return refuse(problem + "'");
    }
    const std::optional<std::int64_t> size = parse_strict_integer(text.substr(1));
    const auto most = static_cast<std::int64_t>(limits_.request);
    if (!size || *size < 0)
        return refuse("Protocol error: invalid bulk length");
    if (*size > most || *size + static_cast<std::int64_t>(at_) > most)
        return refuse(limits_.before_login ? "Protocol error: unauthenticated bulk length"
                                           : "Protocol error: invalid bulk length");
    bulk_ = *size;
    return state::complete;
}

request_reader::state request_reader::read_bulk() {
    const auto size = static_cast<std::size_t>(bulk_);
    if (buffer_.view().size() - at_ < size + 2)
        return state::incomplete;
    pieces_.push_back({at_, size});
    at_ += size + 2;
    bulk_ = -1;
    missing_--;
    return state::complete;
}

// The arguments of an array, and the bytes that the next request begins behind.
void request_reader::finish() {
    const std::string_view bytes = buffer_.view();
    arguments_.reserve(pieces_.size());
    for (const piece &each : pieces_)
        arguments_.push_back(bytes.substr(each.at, each.size));
    if (pieces_.capacity() > most_kept_arguments)
        give_back(pieces_);
    pieces_.clear();
    buffer_.take(at_);
    at_ = 0;
    missing_ = -1;
}

request_reader::state request_reader::refuse(std::string problem) {
    problem_ = std::move(problem);
    return state::refused;
}

// --- Inline commands ----------------------------------------------------------------------------

request_reader::state request_reader::read_inline() {
    const std::string_view bytes = buffer_.view();
    const std::size_t end = bytes.find('\n');
    if (std::min(end, bytes.size()) > std::min(longest_line, limits_.request))
        return refuse("Protocol error: too big inline request");
    if (end == bytes.npos)
        return state::incomplete;
    if (words_.capacity() > most_kept_arguments)
        give_back(words_);
    words_.clear();
    const std::size_t size = end > 0 && bytes[end - 1] == '\r' ? end - 1 : end;
    if (!split_inline(bytes.substr(0, size)))
        return refuse("Protocol error: unbalanced quotes in request");
    arguments_.assign(words_.begin(), words_.end());
    buffer_.take(end + 1);
    return state::complete;
}

bool request_reader::split_inline(std::string_view text) {
    redis::word_splitter splitter(text.substr(0, text.find('\0')));
    while (!splitter.at_end())
        if (!splitter.next(words_.emplace_back()))
            return false;
    return true;
}

}  // namespace kvstore::gateway
