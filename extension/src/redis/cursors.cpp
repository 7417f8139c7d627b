#include "redis/cursors.hpp"

#include "store/leases.hpp"

namespace kvstore::redis {

namespace {

constexpr double seconds_kept = 600;

// Numbers that every client can have, those that have them as floating point, too.
constexpr std::uint64_t most_cursors = UINT64_C(1) << 53;

Datum key_of(const store &of, std::uint64_t cursor) {
    return CStringGetTextDatum(psprintf("cursor:%u:%u:%llu", GetUserId(),
                                        RelationGetRelid(of.table),
                                        static_cast<unsigned long long>(cursor)));
}

std::uint64_t number_for(const store &of, std::string_view last) {
    std::uint64_t digest = hash_bytes_extended(
        reinterpret_cast<const unsigned char *>(last.data()), static_cast<int>(last.size()),
        static_cast<std::uint64_t>(GetUserId()) << 32 | RelationGetRelid(of.table));
    return digest % most_cursors;
}

}  // namespace

// A number that another key has already, which is most unlikely, is left to that.
std::uint64_t keep_cursor(execution &x, const store &of, Datum last) {
    std::optional<store> leases = open_leases(operations::set.what, x.waits());
    if (!leases) {
        x.set_would_wait();
        return no_cursor;
    }
    request asked{
        .key = 0, .value = last, .lives = lifetime::of_seconds(seconds_kept), .expected = last};
    std::uint64_t cursor = number_for(of, bytes_of(last));
    for (;; cursor = (cursor + 1) % most_cursors) {
        if (cursor == no_cursor)
            continue;
        asked.key = key_of(of, cursor);
        if (x.perform(operations::set_nx, *leases, asked).applied || x.would_wait() ||
            x.perform(operations::cas, *leases, asked).applied || x.would_wait())
            break;
    }
    close_store(*leases);
    return x.would_wait() ? no_cursor : cursor;
}

std::optional<Datum> find_cursor(execution &x, const store &of, std::uint64_t cursor) {
    constexpr intent looking{.function = "SCAN", .privileges = ACL_SELECT, .takes_snapshot = false};
    std::optional<store> leases = open_leases(looking, x.waits());
    if (!leases) {
        x.set_would_wait();
        return std::nullopt;
    }
    x.forget_snapshot();  // which may be older than the lock
    std::optional<entry> found = x.read(*leases, key_of(of, cursor), true);
    close_store(*leases);
    return found ? std::optional(found->value) : std::nullopt;
}

}  // namespace kvstore::redis
