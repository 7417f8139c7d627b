#include "operations/batch.hpp"

#include <algorithm>
#include <array>

#include "operations/operations.hpp"
#include "paths/fast_path.hpp"
#include "paths/prefetch.hpp"
#include "server/scratch_memory.hpp"
#include "server/subtransaction.hpp"
#include "server/utility.hpp"

namespace kvstore {

namespace {

// Before the key at that position is looked for, which is one of many.
template <class Key>
void look_ahead(const store &in, std::size_t position, std::size_t count, Key key_at) {
    if (position % most_prefetched != 0)
        return;
    std::array<std::string_view, most_prefetched> keys;
    std::size_t ahead = std::min(count - position, most_prefetched);
    for (std::size_t i = 0; i < ahead; i++)
        keys[i] = bytes_of(key_at(position + i));
    prefetch(in, std::span(keys).first(ahead));
}

// How many of the operations applied.
template <class Each, class Asked>
int64 perform_all(const operation &op, const store &in, std::span<Each> all, Asked asked) {
    int64 applied = 0;
    scratch_memory scratch;
    for (std::size_t i = 0; i < all.size(); i++) {
        look_ahead(in, i, all.size(), [&](std::size_t which) { return asked(all[which]).key; });
        scratch.use([&] { applied += perform(op, in, asked(all[i])).applied ? 1 : 0; });
    }
    scratch.free();
    return applied;
}

// Keeps the last of equal keys; how many are kept.
std::size_t drop_duplicates(std::span<pair> sorted) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < sorted.size(); i++) {
        if (kept > 0 && bytes_of(sorted[kept - 1].key) == bytes_of(sorted[i].key))
            kept--;
        sorted[kept++] = sorted[i];
    }
    return kept;
}

}  // namespace

batch_reader::batch_reader(const store &from, std::span<const Datum> keys)
    : from_(from), keys_(keys) {
    if (from.detour != nullptr)
        return;
    located_ = static_cast<location *>(palloc(sizeof(location) * (keys.size() + 1)));
    auto *order = static_cast<std::size_t *>(palloc(sizeof(std::size_t) * (keys.size() + 1)));
    for (std::size_t i = 0; i < keys.size(); i++)
        order[i] = i;
    std::sort(order, order + keys.size(),
              [&](std::size_t a, std::size_t b) { return bytes_of(keys[a]) < bytes_of(keys[b]); });
    for (std::size_t i = 0; i < keys.size(); i++) {
        CHECK_FOR_INTERRUPTS();
        look_ahead(from, i, keys.size(), [&](std::size_t which) { return keys[order[which]]; });
        located_[order[i]] = fast_path::locate(from, keys[order[i]]);
    }
    pfree(order);
}

std::optional<entry> batch_reader::read(std::size_t position) const {
    Datum key = keys_[position];
    if (located_ == nullptr)
        return kvstore::read(from_, key, true);
    std::optional<entry> found = fast_path::read(from_, key, located_[position], true);
    count_read(from_, found.has_value());
    return found;
}

std::span<pair> sorted_and_distinct(std::span<pair> pairs) {
    std::sort(pairs.begin(), pairs.end(), [](const pair &a, const pair &b) {
        int order = bytes_of(a.key).compare(bytes_of(b.key));
        return order != 0 ? order < 0 : a.position < b.position;
    });
    return pairs.first(drop_duplicates(pairs));
}

void sort(std::span<Datum> keys) {
    std::sort(keys.begin(), keys.end(), [](Datum a, Datum b) { return bytes_of(a) < bytes_of(b); });
}

int64 store_all(const store &in, std::span<pair> pairs, const lifetime &lives) {
    std::span<pair> distinct = sorted_and_distinct(pairs);
    perform_all(operations::set, in, distinct, [&](const pair &each) {
        return request{.key = each.key, .value = each.value, .lives = lives};
    });
    return static_cast<int64>(distinct.size());
}

bool store_all_if_absent(const store &in, std::span<pair> pairs, const lifetime &lives) {
    std::span<pair> distinct = sorted_and_distinct(pairs);
    scratch_memory scratch;
    bool stored = in_subtransaction([&] {
        for (const pair &each : distinct) {
            bool applied = false;
            scratch.use([&] {
                request asked{.key = each.key, .value = each.value, .lives = lives};
                applied = perform(operations::set_nx, in, asked).applied;
            });
            if (!applied)
                return false;
        }
        return true;
    });
    scratch.free();
    return stored;
}

int64 remove_all(const store &in, std::span<Datum> keys) {
    require_privilege(RelationGetRelid(in.table), ACL_DELETE);  // though there be no key
    sort(keys);
    return perform_all(operations::del, in, keys, [](Datum key) { return request{.key = key}; });
}

}  // namespace kvstore
