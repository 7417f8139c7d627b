// PUBLISH, by PostgreSQL's NOTIFY.

#include <array>
#include <utility>

#include "redis/handlers.hpp"
#include "rules/redis_messages.hpp"

namespace kvstore::redis {

namespace {

// Digests of the plain messages of this transaction: PostgreSQL drops the second of two equal
// notifications.
std::array<std::uint64_t, 1024> sent;
std::size_t sent_count = 0;

void begin_transaction() {
    static LocalTransactionId current = InvalidLocalTransactionId;
    if (std::exchange(current, pg::number_of_transaction()) != pg::number_of_transaction())
        sent_count = 0;
}

// Whether it is known to be the first of its kind, which is noted.
bool is_new(std::string_view channel, std::string_view payload) {
    auto digest = [](std::string_view bytes, std::uint64_t seed) {
        return hash_bytes_extended(reinterpret_cast<const unsigned char *>(bytes.data()),
                                   static_cast<int>(bytes.size()), seed);
    };
    begin_transaction();
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

namespace handlers {

void publish(execution &x, arguments given) {
    static std::uint32_t number = 0;
    bool in_utf8 = GetDatabaseEncoding() == PG_UTF8;
    notify_channel channel(given[1], in_utf8);
    reply_buffer scratch;
    reply_buffer buffer;
    if (RecoveryInProgress())
        return x.out.error("READONLY You can't write against a read only replica.");
    std::uint32_t unique = static_cast<std::uint32_t>(MyProcPid) << 16 ^ ++number;
    append_message(buffer, scratch, given[1], given[2], unique);
    if (buffer.size() - VARHDRSZ > longest_payload)
        return x.out.error(
            psprintf("ERR message of %zu bytes is too long for PostgreSQL's NOTIFY, "
                     "by which it is sent: about 5900 bytes fit",
                     given[2].size()));
    const char *in_base64 = text_of(buffer.since(VARHDRSZ));
    const char *payload = in_base64;
    if (channel.is_itself() && is_plain(given[2], in_utf8)) {
        if (is_new(channel.name(), given[2]))
            payload = text_of(given[2]);
        else if (!x.in_exec())
            return x.set_would_wait();  // in a transaction of its own it is sent as it is
    }
    Async_Notify(text_of(channel.name()), payload);
    Async_Notify(text_of(patterns_channel), in_base64);
    x.out.integer(0);
}

}  // namespace handlers

}  // namespace kvstore::redis
