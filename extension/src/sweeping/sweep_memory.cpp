#include "sweeping/sweep_memory.hpp"

#include <algorithm>
#include <new>

namespace kvstore {

namespace {

// --- The segment: sweep_memory, and behind it the area ---

constexpr Size most_memory = Size{64} << 20;
constexpr Size first_memory = Size{256} << 10;  // more is taken as needed
constexpr Size area_begins = MAXALIGN(sizeof(sweep_memory));

// For as long as the process lives, whatever transactions come and go.
char *keep(dsm_segment *segment) {
    dsm_pin_mapping(segment);
    return static_cast<char *>(dsm_segment_address(segment));
}

// --- A database's memory, as it is kept: a header, then the stores ---

struct saved_database {
    Oid last_to_begin;
    Oid last_to_go_on;
    std::int32_t stores;
    bool with_maps;
};

// So many bytes, perhaps none from nowhere; where the next ones go.
char *append(char *to, const void *bytes, Size size) {
    std::copy_n(static_cast<const char *>(bytes), size, to);
    return to + MAXALIGN(size);
}

// Followed by the ranges of the map and the key of `after`, whose size is 0 for none.
struct saved_store {
    store_memory memory;
    Size after_size;
};

constexpr Size header_size = MAXALIGN(sizeof(saved_database));
constexpr Size store_size = MAXALIGN(sizeof(saved_store));

Size size_of_after(const store_memory &one) {
    return one.after == nullptr ? 0 : VARSIZE_ANY(one.after);
}

Size size_of_map(const store_memory &one) {
    return one.map.ranges().size_bytes();
}

// --- Local memory ---

HTAB *create_stores() {
    HASHCTL how = {};
    how.keysize = sizeof(Oid);
    how.entrysize = sizeof(store_memory);
    how.hcxt = TopMemoryContext;
    return hash_create("kvstore sweep memory", 64, &how, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

// For each of them; `act` may remove it.
template <class Act>
void for_each(HTAB *stores, Act act) {
    HASH_SEQ_STATUS all;
    hash_seq_init(&all, stores);
    while (auto *each = static_cast<store_memory *>(hash_seq_search(&all)))
        act(*each);
}

}  // namespace

sweep_map::range *resize_ranges(sweep_map::range *ranges, std::uint32_t count) {
    Size size = sizeof(*ranges) * count;
    return static_cast<sweep_map::range *>(
        ranges == nullptr ? MemoryContextAlloc(TopMemoryContext, size) : repalloc(ranges, size));
}

void set_after(store_memory &memory, const text *key) {
    if (memory.after != nullptr)
        pfree(memory.after);
    memory.after = nullptr;
    if (key == nullptr)
        return;
    auto *copy = static_cast<text *>(MemoryContextAlloc(TopMemoryContext, VARSIZE_ANY(key)));
    memcpy(copy, key, VARSIZE_ANY(key));
    memory.after = copy;
}

store_memory &database_memory::of(Oid table) {
    bool found;
    auto *one = static_cast<store_memory *>(hash_search(stores_, &table, HASH_ENTER, &found));
    if (!found)
        new (one) store_memory{.table = table};
    return *one;
}

void database_memory::forget_dropped() {
    for_each(stores_, [&](store_memory &one) {
        if (one.exists)
            return;
        set_after(one, nullptr);
        if (one.map.ranges().data() != nullptr)
            pfree(const_cast<sweep_map::range *>(one.map.ranges().data()));
        hash_search(stores_, &one.table, HASH_REMOVE, nullptr);
    });
}

// --- Taking and leaving ---

void database_memory::take(dsa_area *area, dsa_pointer *from) {
    HTAB *stores = create_stores();
    stores_ = stores;
    if (!DsaPointerIsValid(*from))
        return;
    read(static_cast<const char *>(dsa_get_address(area, *from)));
    dsa_pointer taken = *from;
    *from = InvalidDsaPointer;
    dsa_free(area, taken);
}

void database_memory::read(const char *from) {
    auto *database = reinterpret_cast<const saved_database *>(from);
    last_to_begin = database->last_to_begin;
    last_to_go_on = database->last_to_go_on;
    from += header_size;
    for (std::int32_t i = 0; i < database->stores; i++) {
        auto *saved = reinterpret_cast<const saved_store *>(from);
        store_memory &one = of(saved->memory.table);
        one = saved->memory;
        one.exists = false;
        one.pace.empty = statement_pace::unknown;
        one.after = nullptr;
        from += store_size;
        auto *ranges = reinterpret_cast<const sweep_map::range *>(from);
        Size map_size = database->with_maps ? size_of_map(one) : 0;
        one.map.restore(database->with_maps ? ranges : nullptr, resize_ranges);
        from += MAXALIGN(map_size);
        if (saved->after_size > 0)
            set_after(one, reinterpret_cast<const text *>(from));
        from += MAXALIGN(saved->after_size);
    }
}

void database_memory::leave(dsa_area *area, dsa_pointer *to) {
    if (stores_ == nullptr || DsaPointerIsValid(*to))
        return;
    for (bool with_maps : {true, false}) {
        Size size = saved_size(with_maps);
        if (size <= most_memory)
            *to = dsa_allocate_extended(area, size, DSA_ALLOC_NO_OOM);
        if (!DsaPointerIsValid(*to))
            continue;
        write(static_cast<char *>(dsa_get_address(area, *to)), with_maps);
        return;
    }
}

Size database_memory::saved_size(bool with_maps) const {
    Size size = header_size;
    for_each(stores_, [&](const store_memory &one) {
        size += store_size + MAXALIGN(size_of_after(one));
        if (with_maps)
            size += MAXALIGN(size_of_map(one));
    });
    return size;
}

void database_memory::write(char *to, bool with_maps) const {
    new (to) saved_database{.last_to_begin = last_to_begin,
                            .last_to_go_on = last_to_go_on,
                            .stores = static_cast<std::int32_t>(hash_get_num_entries(stores_)),
                            .with_maps = with_maps};
    to += header_size;
    for_each(stores_, [&](const store_memory &one) {
        new (to) saved_store{.memory = one, .after_size = size_of_after(one)};
        to += store_size;
        if (with_maps)
            to = append(to, one.map.ranges().data(), size_of_map(one));
        to = append(to, one.after, size_of_after(one));
    });
}

// --- The segment ---

shared_sweep_memory create_sweep_memory(dsm_handle *handle) {
    dsm_segment *segment = dsm_create(area_begins + first_memory, 0);
    *handle = dsm_segment_handle(segment);
    char *memory = keep(segment);
    auto *all = new (memory) sweep_memory{};
    dsa_area *area =
        dsa_create_in_place(memory + area_begins, first_memory, LWLockNewTrancheId(), segment);
    dsa_pin_mapping(area);
    dsa_set_size_limit(area, most_memory);
    return {all, area};
}

shared_sweep_memory attach_sweep_memory(dsm_handle handle) {
    dsm_segment *segment = dsm_attach(handle);
    if (segment == nullptr)
        return {};
    char *memory = keep(segment);
    dsa_area *area = dsa_attach_in_place(memory + area_begins, segment);
    dsa_pin_mapping(area);
    return {reinterpret_cast<sweep_memory *>(memory), area};
}

}  // namespace kvstore
