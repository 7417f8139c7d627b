#include "paths/prefetch.hpp"

#include <algorithm>
#include <array>

#include "paths/tid_cache.hpp"

namespace kvstore {

namespace {

constexpr std::size_t size_of_line = 64;  // of the processor's cache
constexpr std::size_t most_of_a_row = 4 * size_of_line;

void fetch_bytes(const char *from, std::size_t size) {
    for (std::size_t i = 0; i < size; i += size_of_line)
        __builtin_prefetch(from + i);
}

// --- The steps of a search -----------------------------------------------------------------------

// Where a row may be, as far as that is known.
struct row_place {
    Page page;
    OffsetNumber line;
};

// The buffer's descriptor and the page's head are written to by whoever pins and locks it.
std::optional<row_place> fetch_page(const tid_cache::spot &at) {
    std::optional<tid_cache::place> last = tid_cache::peek(at);
    if (!last)
        return std::nullopt;
    __builtin_prefetch(pg::descriptor_of(last->buffer), 1);
    row_place found = {BufferGetPage(last->buffer), ItemPointerGetOffsetNumber(&last->tid)};
    __builtin_prefetch(found.page, 1);
    __builtin_prefetch(PageGetItemId(found.page, found.line));
    return found;
}

// Others may change the page meanwhile, so what is read is taken for no more than a guess.
void fetch_row(const row_place &where) {
    ItemIdData item = *PageGetItemId(where.page, where.line);
    if (ItemIdIsRedirected(&item)) {
        OffsetNumber line = ItemIdGetRedirect(&item);
        if (line == InvalidOffsetNumber || line > MaxHeapTuplesPerPage)
            return;
        item = *PageGetItemId(where.page, line);
    }
    if (ItemIdIsNormal(&item))
        fetch_bytes(static_cast<const char *>(where.page) + ItemIdGetOffset(&item),
                    std::min<std::size_t>(ItemIdGetLength(&item), most_of_a_row));
}

}  // namespace

void prefetch(const store &in, std::span<const std::string_view> keys) {
    if (in.detour != nullptr)
        return;
    std::array<std::optional<tid_cache::spot>, most_prefetched> spots;
    std::array<std::optional<row_place>, most_prefetched> rows;
    std::size_t count = std::min(keys.size(), most_prefetched);
    for (std::size_t i = 0; i < count; i++)
        spots[i] = tid_cache::expect(in.table, keys[i]);
    for (std::size_t i = 0; i < count; i++)
        rows[i] = spots[i] ? fetch_page(*spots[i]) : std::nullopt;
    for (std::size_t i = 0; i < count; i++)
        if (rows[i])
            fetch_row(*rows[i]);
}

}  // namespace kvstore
