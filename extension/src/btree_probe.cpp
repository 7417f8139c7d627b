#include "btree_probe.hpp"

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

// A pivot with the key alone sorts before every entry of that key, because the heap
// TID that was cut off it counts as minus infinity.
bool sorts_before(IndexTuple item, std::string_view item_key, std::string_view key, bool is_leaf) {
    if (!is_leaf && item_key == key)
        return BTreeTupleGetHeapTID(item) == nullptr;
    return item_key < key;
}

// The first item that does not sort before `key`, one past the last if there is
// none; nothing if a key on the way cannot be read.
std::optional<OffsetNumber> first_not_before(Page page, std::string_view key) {
    BTPageOpaque opaque = BTPageGetOpaque(page);
    bool is_leaf = P_ISLEAF(opaque);
    // The first item of an inner page has no key: it is minus infinity.
    OffsetNumber low = P_FIRSTDATAKEY(opaque) + (is_leaf ? 0 : 1);
    OffsetNumber high = PageGetMaxOffsetNumber(page) + 1;
    while (low < high) {
        OffsetNumber middle = low + (high - low) / 2;
        IndexTuple item = item_at(page, middle);
        std::optional<std::string_view> item_key = key_of(item);
        if (!item_key)
            return std::nullopt;
        if (sorts_before(item, *item_key, key, is_leaf))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// On the leaf page: what its items say about the key, the first candidate being at
// `offset`.
probe_answer look_at_leaf(Page page, OffsetNumber offset, std::string_view key,
                          ItemPointerData *tid) {
    OffsetNumber last = PageGetMaxOffsetNumber(page);
    while (offset <= last && ItemIdIsDead(PageGetItemId(page, offset)))
        offset++;
    if (offset > last)
        return probe_answer::miss;
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
        std::optional<OffsetNumber> offset = first_not_before(page, key);
        if (!offset)
            break;
        if (P_ISLEAF(BTPageGetOpaque(page))) {
            answer = look_at_leaf(page, *offset, key, tid);
            break;
        }
        BlockNumber child = BTreeTupleGetDownLink(item_at(page, *offset - 1));
        buffer = _bt_relandgetbuf(index, buffer, child, BT_READ);
    }
    _bt_relbuf(index, buffer);
    return answer;
}

}  // namespace kvstore
