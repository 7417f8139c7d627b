#include "paths/btree_probe.hpp"

#include <optional>
#include <string_view>

// The algorithm is Lehman and Yao's as in _bt_search() and _bt_binsrch() of
// PostgreSQL's nbtsearch.c (its README explains it), for one key column whose
// order is memcmp's. A page that was split or deleted under the descent is not
// followed to the right: that is what `unsure` is for.

namespace kvstore {

namespace {

IndexTuple item_at(Page page, OffsetNumber offset) {
    return reinterpret_cast<IndexTuple>(PageGetItem(page, PageGetItemId(page, offset)));
}

// The key of an index entry; nothing if it has to be decompressed first.
std::optional<std::string_view> key_of(IndexTuple item) {
    const char *key = reinterpret_cast<const char *>(item) + IndexInfoFindDataOffset(item->t_info);
    if (IndexTupleHasNulls(item) || VARATT_IS_COMPRESSED(key) || VARATT_IS_EXTERNAL(key))
        return std::nullopt;
    return std::string_view(VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key));
}

// Whether every entry of `key` stands on this page or to the left of it: it is the
// page that its parent promised.
bool covers(Page page, std::string_view key) {
    BTPageOpaque opaque = BTPageGetOpaque(page);
    if (P_IGNORE(opaque))
        return false;
    if (P_RIGHTMOST(opaque))
        return true;
    std::optional<std::string_view> high = key_of(item_at(page, P_HIKEY));
    return high && key < *high;
}

// The first item from `low` on of which goes_left(item, its key) is false, one past the last
// if there is none; nothing if a key on the way cannot be read.
template <class GoesLeft>
std::optional<OffsetNumber> search(Page page, OffsetNumber low, GoesLeft goes_left) {
    OffsetNumber high = PageGetMaxOffsetNumber(page) + 1;
    while (low < high) {
        OffsetNumber middle = low + (high - low) / 2;
        IndexTuple item = item_at(page, middle);
        std::optional<std::string_view> item_key = key_of(item);
        if (!item_key)
            return std::nullopt;
        if (goes_left(item, *item_key))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// On an inner page: where the leftmost entry of `key` can be; nothing if a key cannot be read.
std::optional<BlockNumber> child_for(Page page, std::string_view key) {
    // The first item has no key: it is minus infinity. A pivot with the key alone sorts before
    // every entry of that key, because the heap TID that was cut off it counts as such, too.
    OffsetNumber second = P_FIRSTDATAKEY(BTPageGetOpaque(page)) + 1;
    std::optional<OffsetNumber> offset =
        search(page, second, [&](IndexTuple item, std::string_view item_key) {
            return item_key == key ? BTreeTupleGetHeapTID(item) == nullptr : item_key < key;
        });
    if (!offset)
        return std::nullopt;
    return BTreeTupleGetDownLink(item_at(page, *offset - 1));
}

// On the leaf page: what its items say about the key. Of several entries the last one is
// likely that of the newest version.
probe_answer look_at_leaf(Page page, std::string_view key, ItemPointerData *tid) {
    OffsetNumber first = P_FIRSTDATAKEY(BTPageGetOpaque(page));
    std::optional<OffsetNumber> beyond =
        search(page, first, [&](IndexTuple, std::string_view item_key) { return item_key <= key; });
    if (!beyond)
        return probe_answer::unsure;
    OffsetNumber offset = *beyond;
    do {
        if (offset == first)
            return probe_answer::miss;
        offset--;
    } while (ItemIdIsDead(PageGetItemId(page, offset)));
    IndexTuple item = item_at(page, offset);
    std::optional<std::string_view> item_key = key_of(item);
    if (!item_key || BTreeTupleIsPosting(item))
        return probe_answer::unsure;
    if (*item_key != key)
        return probe_answer::miss;
    *tid = item->t_tid;
    return probe_answer::hit;
}

}  // namespace

probe_answer probe_btree(Relation table, Relation index, Datum key_datum, ItemPointerData *tid) {
    const char *varlena = DatumGetPointer(key_datum);
    std::string_view key(VARDATA_ANY(varlena), VARSIZE_ANY_EXHDR(varlena));

    Buffer buffer = pg::btree_root(table, index);
    if (!BufferIsValid(buffer))
        return probe_answer::miss;  // an empty index has no root
    probe_answer answer = probe_answer::unsure;
    for (;;) {
        Page page = BufferGetPage(buffer);
        if (!covers(page, key))
            break;
        if (P_ISLEAF(BTPageGetOpaque(page))) {
            answer = look_at_leaf(page, key, tid);
            break;
        }
        std::optional<BlockNumber> child = child_for(page, key);
        if (!child)
            break;
        buffer = _bt_relandgetbuf(index, buffer, *child, BT_READ);
    }
    _bt_relbuf(index, buffer);
    return answer;
}

}  // namespace kvstore
