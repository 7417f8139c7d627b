// Commands that go through all keys of a store.

#include <charconv>

#include "operations/scan.hpp"
#include "redis/cursors.hpp"
#include "redis/entry_access.hpp"
#include "redis/handlers.hpp"
#include "redis/options.hpp"
#include "rules/glob.hpp"

namespace kvstore::redis::handlers {

namespace {

// No key can be looked at for longer than this many bytes of a pattern take: nothing interrupts it.
constexpr std::size_t longest_key_pattern = 16 * 1024;

// Whether it is one; if not, there is an answer.
bool takes_pattern(execution &x, std::string_view pattern) {
    if (pattern.size() <= longest_key_pattern)
        return true;
    x.out.error(psprintf("ERR pattern of %zu bytes is too long, it has at most %zu", pattern.size(),
                         longest_key_pattern));
    return false;
}

// What all keys that match begin with; nothing if that is no text, so that none does.
std::optional<Datum> prefix_of(std::string_view pattern) {
    std::string_view prefix = literal_prefix(pattern);
    return is_text(prefix) ? std::optional(varlena_of(prefix)) : std::nullopt;
}

struct scan_options {
    std::uint64_t cursor = no_cursor;
    std::string_view pattern = "*";
    std::int64_t count = 10;
    bool wants_strings = true;
};

// A cursor is an unsigned number of 64 bits, as strtoul() reads it for Redis: "-1" is the largest
// one.
std::optional<std::uint64_t> cursor_of(execution &x, std::string_view text) {
    std::uint64_t cursor = 0;
    std::string_view digits = text.substr(text.starts_with('-') || text.starts_with('+') ? 1 : 0);
    auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), cursor);
    if (error == std::errc{} && stop == digits.data() + digits.size())
        return text.starts_with('-') ? 0 - cursor : cursor;
    x.out.error("ERR invalid cursor");
    return std::nullopt;
}

std::optional<scan_options> options_of_scan(execution &x, arguments given) {
    std::optional<std::uint64_t> cursor = cursor_of(x, given[1]);
    if (!cursor)
        return std::nullopt;
    scan_options result{.cursor = *cursor};
    for (std::size_t at = 2; at < given.size(); at += 2) {
        bool has_next = at + 1 < given.size();
        if (has_next && is_word(given[at], "count")) {
            std::optional<std::int64_t> count = integer(x, given[at + 1]);
            if (!count)
                return std::nullopt;
            result.count = *count;
        } else if (has_next && is_word(given[at], "match")) {
            result.pattern = given[at + 1];
        } else if (has_next && is_word(given[at], "type")) {
            result.wants_strings = is_word(given[at + 1], "string");
        } else {
            x.out.error(syntax_error);
            return std::nullopt;
        }
        if (result.count < 1) {
            x.out.error(syntax_error);
            return std::nullopt;
        }
    }
    return result;
}

// One page, in key order. Where nothing can be written there are no cursors, and all is one page.
void answer_page(execution &x, const store &from, const scan_options &options, key_range range) {
    bool has_cursors = !XactReadOnly && !RecoveryInProgress();
    range.most = has_cursors ? options.count : PG_INT64_MAX;
    MemoryContext memory = CurrentMemoryContext;
    reply_buffer keys;
    reply listed(keys, 2);
    std::int64_t visited = 0;
    std::size_t matching = 0;
    Datum last = 0;
    x.take_snapshot();
    kvstore::scan(from, range, [&](Datum key, const entry &) {
        std::string_view bytes = detoasted_bytes_of(key);
        if (++visited == range.most) {
            MemoryContext before = MemoryContextSwitchTo(memory);
            last = varlena_of(bytes);
            MemoryContextSwitchTo(before);
        }
        if (!options.wants_strings || !glob_matches(options.pattern, bytes))
            return;
        listed.bulk(bytes);
        matching++;
    });
    std::uint64_t cursor = last != 0 ? keep_cursor(x, from, last) : no_cursor;
    x.out.array(2);
    x.out.bulk(psprintf("%llu", static_cast<unsigned long long>(cursor)));
    x.out.array(matching);
    x.out.raw(keys.since(VARHDRSZ));
}

}  // namespace

void keys(execution &x, arguments given) {
    const store *from = takes_pattern(x, given[1]) ? x.open(reading) : nullptr;
    if (from == nullptr)
        return;
    std::optional<Datum> prefix = prefix_of(given[1]);
    if (!prefix)
        return x.out.array(0);
    x.as_one_step(*from, [&] {
        std::size_t start = x.out.array_later();
        std::size_t found = 0;
        x.take_snapshot();
        kvstore::scan(*from, {.prefix = *prefix}, [&](Datum key, const entry &) {
            std::string_view bytes = detoasted_bytes_of(key);
            if (!glob_matches(given[1], bytes))
                return;
            x.out.bulk(bytes);
            found++;
        });
        x.out.set_array(start, found);
    });
}

void scan(execution &x, arguments given) {
    std::optional<scan_options> options = options_of_scan(x, given);
    const store *from = options && takes_pattern(x, options->pattern) ? x.open(reading) : nullptr;
    if (from == nullptr)
        return;
    std::optional<Datum> prefix = prefix_of(options->pattern);
    if (!prefix) {
        x.out.array(2);
        x.out.bulk("0");
        return x.out.array(0);
    }
    key_range range{.prefix = *prefix};
    if (options->cursor != no_cursor) {
        std::optional<Datum> after = find_cursor(x, *from, options->cursor);
        if (!after)
            return x.out.error("ERR invalid cursor: not of this store, or older than ten minutes");
        range.after = *after;
    }
    x.as_one_step(*from, [&] { answer_page(x, *from, *options, range); });
}

void randomkey(execution &x, arguments) {
    const store *from = x.open(reading);
    if (from == nullptr)
        return;
    x.as_one_step(*from, [&] {
        x.take_snapshot();
        answer_value(x, random_key(*from));
    });
}

void dbsize(execution &x, arguments) {
    const store *from = x.open(reading);
    if (from == nullptr)
        return;
    x.as_one_step(*from, [&] {
        x.take_snapshot();
        x.out.integer(count(*from, varlena_of("")));
    });
}

}  // namespace kvstore::redis::handlers
