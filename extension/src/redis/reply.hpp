// Replies in Redis's protocol, versions 2 and 3, one behind the other in one buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "server/postgres.hpp"

namespace kvstore::redis {

// Bytes that grow, as a varlena. In the memory context in which it was made.
class reply_buffer {
  public:
    reply_buffer() : memory_(CurrentMemoryContext) {
        data_ = static_cast<char *>(palloc(capacity_));
    }

    void append(const char *bytes, std::size_t size) {
        if (size == 0)  // bytes may be nullptr then
            return;
        if (size > capacity_ - size_)
            grow(size);
        memcpy(data_ + size_, bytes, size);
        size_ += size;
    }
    void truncate(std::size_t size) { size_ = size; }
    std::size_t size() const { return size_; }
    char *data() { return data_; }
    std::string_view since(std::size_t start) const { return {data_ + start, size_ - start}; }

    Datum as_varlena() {
        SET_VARSIZE(data_, size_);
        return PointerGetDatum(data_);
    }

  private:
    void grow(std::size_t by);

    MemoryContext memory_;
    std::size_t size_ = VARHDRSZ;
    std::size_t capacity_ = 8192;
    char *data_;
};

class reply {
  public:
    reply(reply_buffer &to, int protocol) : to_(&to), protocol_(protocol) {}

    int protocol() const { return protocol_; }

    void simple(std::string_view text) { line('+', text); }
    void ok() { simple("OK"); }
    // With its prefix: "ERR ..". In one line, whatever it says.
    void error(std::string_view text);
    void integer(std::int64_t value) { number(':', value); }
    void bulk(std::string_view bytes);
    // A text for people, as INFO is.
    void verbatim(std::string_view text);
    void null() { put(protocol_ == 3 ? "_\r\n" : "$-1\r\n"); }
    // What follows are so many elements, or as many keys, each with its value.
    void array(std::size_t size) { number('*', static_cast<std::int64_t>(size)); }
    void map(std::size_t size) {
        number(protocol_ == 3 ? '%' : '*',
               static_cast<std::int64_t>(protocol_ == 3 ? size : 2 * size));
    }
    void set(std::size_t size) {
        number(protocol_ == 3 ? '~' : '*', static_cast<std::int64_t>(size));
    }
    // Replies that were written elsewhere.
    void raw(std::string_view replies) { put(replies); }
    void lines(std::span<const std::string_view> all);

    // For a number of elements that is known later: array_later() before them, set_array() behind.
    std::size_t array_later() const { return to_->size(); }
    void set_array(std::size_t where, std::size_t size);

    reply_buffer &buffer() { return *to_; }

  private:
    void put(std::string_view text) { to_->append(text.data(), text.size()); }
    void line(char type, std::string_view text);
    void number(char type, std::int64_t value);

    reply_buffer *to_;
    int protocol_;
};

}  // namespace kvstore::redis
