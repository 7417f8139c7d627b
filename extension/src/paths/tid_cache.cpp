#include "paths/tid_cache.hpp"

#include <array>

#include "paths/operation.hpp"

namespace kvstore::tid_cache {

struct slot {
    BlockNumber block;
    Buffer buffer;  // 0 is none
    OffsetNumber line;
    std::uint16_t tag;  // further bits of the hash
};

// It is one line of the processor's cache.
struct alignas(64) set {
    std::array<slot, 5> slots;
    std::uint32_t replaced;
};
static_assert(sizeof(set) == 64);

namespace {

// 2 MB, of which a session has what it has used.
std::array<set, 32768> sets;

// Buffers that are only found in this way would count as unused, and be replaced before others:
// see PinBuffer_Locked(). So, now and then, the index is asked.
constexpr std::uint32_t searches_for_each_of_the_index = 16;
std::uint32_t searches = 0;

// A temporary table is in buffers of its own, and its file may have the number of another table's.
bool is_cached(Relation table) {
    return !RelationUsesLocalBuffers(table);
}

spot spot_of(Relation table, std::string_view key) {
    std::uint64_t bits =
        hash_bytes_extended(reinterpret_cast<const unsigned char *>(key.data()),
                            static_cast<int>(key.size()), pg::file_number_of(table));
    return {&sets[bits % sets.size()], static_cast<std::uint16_t>(bits >> 48)};
}

}  // namespace

std::optional<place> recall(Relation table, Datum key) {
    if (!is_cached(table) || ++searches % searches_for_each_of_the_index == 0)
        return std::nullopt;
    return peek(spot_of(table, bytes_of(key)));
}

void remember(Relation table, Datum key, const place &where) {
    if (!is_cached(table))
        return;
    spot at = spot_of(table, bytes_of(key));
    slot *into = nullptr;
    for (slot &each : at.in->slots)
        if (each.tag == at.tag || (into == nullptr && each.buffer == InvalidBuffer))
            into = &each;
    if (into == nullptr)
        into = &at.in->slots[at.in->replaced++ % at.in->slots.size()];
    *into = {.block = ItemPointerGetBlockNumber(&where.tid),
             .buffer = where.buffer,
             .line = ItemPointerGetOffsetNumber(&where.tid),
             .tag = at.tag};
}

std::optional<spot> expect(Relation table, std::string_view key) {
    if (!is_cached(table))
        return std::nullopt;
    spot at = spot_of(table, key);
    __builtin_prefetch(at.in);
    return at;
}

std::optional<place> peek(const spot &at) {
    for (const slot &each : at.in->slots) {
        if (each.tag != at.tag || each.buffer == InvalidBuffer)
            continue;
        place found = {.tid = {}, .buffer = each.buffer};
        ItemPointerSet(&found.tid, each.block, each.line);
        return found;
    }
    return std::nullopt;
}

}  // namespace kvstore::tid_cache
