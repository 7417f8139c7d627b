#include "redis/reply.hpp"

#include "rules/integer.hpp"

namespace kvstore::redis {

// Doubles, up to what a varlena may have.
void reply_buffer::grow(std::size_t by) {
    std::size_t needed = size_ + by;
    if (needed > MaxAllocSize)
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("the reply is larger than %zu bytes",
                               static_cast<std::size_t>(MaxAllocSize))));
    std::size_t doubled = Min(capacity_ * 2, MaxAllocSize);
    capacity_ = Max(needed, doubled);
    data_ = static_cast<char *>(repalloc(data_, capacity_));
}

void reply::line(char type, std::string_view text) {
    to_->append(&type, 1);
    put(text);
    put("\r\n");
}

void reply::number(char type, std::int64_t value) {
    line(type, integer_text(value).view());
}

void reply::error(std::string_view text) {
    put("-");
    std::size_t start = to_->size();
    put(text);
    for (char *each = to_->data() + start; each < to_->data() + to_->size(); each++)
        if (*each == '\r' || *each == '\n')
            *each = ' ';
    put("\r\n");
}

void reply::bulk(std::string_view bytes) {
    number('$', static_cast<std::int64_t>(bytes.size()));
    put(bytes);
    put("\r\n");
}

void reply::verbatim(std::string_view text) {
    if (protocol_ != 3)
        return bulk(text);
    constexpr std::string_view format = "txt:";
    number('=', static_cast<std::int64_t>(format.size() + text.size()));
    put(format);
    put(text);
    put("\r\n");
}

void reply::lines(std::span<const std::string_view> all) {
    array(all.size());
    for (std::string_view each : all)
        simple(each);
}

// The elements move up for what is put before them.
void reply::set_array(std::size_t where, std::size_t size) {
    std::size_t end = to_->size();
    array(size);
    std::size_t head = to_->size() - end;
    char header[32];
    memcpy(header, to_->data() + end, head);
    memmove(to_->data() + where + head, to_->data() + where, end - where);
    memcpy(to_->data() + where, header, head);
}

}  // namespace kvstore::redis
