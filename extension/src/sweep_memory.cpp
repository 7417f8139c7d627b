#include "sweep_memory.hpp"

#include <new>

namespace kvstore {

namespace {

// For as long as the process lives, whatever transactions come and go.
sweep_memory *keep(dsm_segment *segment) {
    dsm_pin_mapping(segment);
    return static_cast<sweep_memory *>(dsm_segment_address(segment));
}

bool is_free(const store_memory &one) {
    return one.user == store_memory::nobody;
}

bool belongs_to(const store_memory &one, Oid table) {
    return one.database == MyDatabaseId && one.table == table;
}

// There is a free one: each sweeper has one at most. The lock is held.
store_memory *choose(sweep_memory *all, Oid table) {
    store_memory *oldest = nullptr;
    for (store_memory &each : all->stores) {
        if (!is_free(each))
            continue;
        if (belongs_to(each, table))
            return &each;
        if (oldest == nullptr || each.used_at < oldest->used_at)
            oldest = &each;
    }
    return oldest;
}

}  // namespace

sweep_memory *create_sweep_memory(dsm_handle *handle) {
    dsm_segment *segment = dsm_create(sizeof(sweep_memory), 0);
    *handle = dsm_segment_handle(segment);
    sweep_memory *all = new (keep(segment)) sweep_memory{};
    SpinLockInit(&all->lock);
    return all;
}

sweep_memory *attach_sweep_memory(dsm_handle handle) {
    dsm_segment *segment = dsm_attach(handle);
    return segment == nullptr ? nullptr : keep(segment);
}

store_memory *take_store_memory(sweep_memory *all, Oid table, int user) {
    SpinLockAcquire(&all->lock);
    store_memory *chosen = choose(all, table);
    if (!belongs_to(*chosen, table)) {
        *chosen = store_memory{};
        chosen->database = MyDatabaseId;
        chosen->table = table;
    }
    chosen->user = user;
    SpinLockRelease(&all->lock);
    return chosen;
}

void give_back(sweep_memory *all, store_memory *one) {
    one->used_at = GetCurrentTimestamp();
    SpinLockAcquire(&all->lock);
    one->user = store_memory::nobody;
    SpinLockRelease(&all->lock);
}

void give_back_all(sweep_memory *all, int user) {
    for (store_memory &each : all->stores)
        if (each.user == user)
            give_back(all, &each);
}

}  // namespace kvstore
