// PUBLISH, by PostgreSQL's NOTIFY.

#include "redis/messages.hpp"

#include "redis/handlers.hpp"
#include "rules/redis_messages.hpp"

namespace kvstore::redis {

namespace {

// Digests of what was sent in this transaction: PostgreSQL drops the second of two equal
// notifications.
std::array<std::uint64_t, 1024> sent;
std::size_t sent_count = 0;

// Whether it is the first of its kind, which is noted.
bool is_new(std::string_view channel, std::string_view payload) {
    auto digest = [](std::string_view bytes, std::uint64_t seed) {
        return hash_bytes_extended(reinterpret_cast<const unsigned char *>(bytes.data()),
                                   static_cast<int>(bytes.size()), seed);
    };
    std::uint64_t one = digest(payload, digest(channel, 0));
    for (std::size_t i = 0; i < sent_count; i++)
        if (sent[i] == one)
            return false;
    if (sent_count == sent.size())
        return false;
    sent[sent_count++] = one;
    return true;
}

// With a zero byte behind them.
const char *text_of(std::string_view bytes) {
    return pnstrdup(bytes.data(), bytes.size());
}

}  // namespace

void begin_messages() {
    sent_count = 0;
}

namespace handlers {

void publish(execution &x, arguments given) {
    static std::uint32_t number = 0;
    bool in_utf8 = GetDatabaseEncoding() == PG_UTF8;
    notify_channel channel(given[1], in_utf8);
    reply_buffer scratch;
    reply_buffer payload;
    reply_buffer to_patterns;
    if (RecoveryInProgress())
        return x.out.error("READONLY You can't write against a read only replica.");
    append_message(payload, scratch, given[1], given[2], channel.is_itself(), in_utf8);
    std::uint32_t unique = static_cast<std::uint32_t>(MyProcPid) << 16 ^ ++number;
    append_pattern_message(to_patterns, scratch, given[1], given[2], unique);
    std::size_t longest = Max(payload.size(), to_patterns.size()) - VARHDRSZ;
    if (longest > longest_payload)
        return x.out.error(
            psprintf("ERR message of %zu bytes is too long for PostgreSQL's NOTIFY, "
                     "by which it is sent: about 5900 bytes fit",
                     given[2].size()));
    // In a transaction of its own it is sent; in that of an EXEC there is only one.
    if (!is_new(channel.name(), payload.since(VARHDRSZ)) && !x.in_exec())
        return x.set_would_wait();
    Async_Notify(text_of(channel.name()), text_of(payload.since(VARHDRSZ)));
    Async_Notify(text_of(patterns_channel), text_of(to_patterns.since(VARHDRSZ)));
    x.out.integer(0);
}

}  // namespace handlers

}  // namespace kvstore::redis
