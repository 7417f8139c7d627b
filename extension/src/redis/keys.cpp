// Commands on keys, whatever their values are.

#include "operations/batch.hpp"
#include "redis/entry_access.hpp"
#include "redis/handlers.hpp"
#include "redis/options.hpp"

namespace kvstore::redis::handlers {

void del(execution &x, arguments given) {
    if (given.size() == 2) {
        std::optional<place> from = place_of(x, operations::del.what, given[1]);
        if (from)
            change(x, operations::del, *from, {.key = 0},
                   [&](const outcome &done) { x.out.integer(done.applied ? 1 : 0); });
        return;
    }
    std::optional<std::span<Datum>> keys = x.keys(given.subspan(1));
    const store *in = keys ? x.open(operations::del.what) : nullptr;
    if (in == nullptr)
        return;
    sort(*keys);
    x.as_a_whole([&] {
        std::int64_t removed = 0;
        for (Datum key : *keys) {
            CHECK_FOR_INTERRUPTS();
            removed += x.perform(operations::del, *in, {.key = key}).applied ? 1 : 0;
            if (x.would_wait())
                return false;
        }
        x.out.integer(removed);
        return true;
    });
}

void unlink(execution &x, arguments given) {
    del(x, given);
}

// Of a key that is given twice, twice.
void exists(execution &x, arguments given) {
    std::optional<std::span<Datum>> keys = x.keys(given.subspan(1));
    const store *from = keys ? x.open(reading) : nullptr;
    if (from == nullptr)
        return;
    x.as_one_step(*from, [&] {
        std::int64_t live = 0;
        for (Datum key : *keys) {
            CHECK_FOR_INTERRUPTS();
            live += x.read(*from, key, false) ? 1 : 0;
        }
        x.out.integer(live);
    });
}

void touch(execution &x, arguments given) {
    exists(x, given);
}

void type(execution &x, arguments given) {
    with_entry(x, given[1], wanting::expiry,
               [&](const std::optional<entry> &found) { x.out.simple(found ? "string" : "none"); });
}

// --- OBJECT and MEMORY ---

void object_encoding(execution &x, arguments given) {
    with_entry(x, given[2], wanting::value, [&](const std::optional<entry> &found) {
        if (!found)
            return x.out.null();
        constexpr std::size_t longest_embedded = 44;
        std::string_view value = bytes_of(found->value);
        x.out.bulk(parse_strict_integer(value)        ? "int"
                   : value.size() <= longest_embedded ? "embstr"
                                                      : "raw");
    });
}

namespace {

void answer_if_live(execution &x, std::string_view key, std::int64_t number) {
    with_entry(x, key, wanting::expiry, [&](const std::optional<entry> &found) {
        if (found)
            x.out.integer(number);
        else
            x.out.null();
    });
}

}  // namespace

void object_refcount(execution &x, arguments given) {
    answer_if_live(x, given[2], 1);
}

void object_idletime(execution &x, arguments given) {
    answer_if_live(x, given[2], 0);
}

void object_freq(execution &x, arguments given) {
    with_entry(x, given[2], wanting::expiry, [&](const std::optional<entry> &found) {
        if (!found)
            return x.out.null();
        x.out.error(
            "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please "
            "note that when switching between policies at runtime LRU and LFU data will take some "
            "time to adjust.");
    });
}

void object_help(execution &x, arguments) {
    constexpr std::string_view help[] = {
        "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "ENCODING <key>",
        "    How Redis would keep the value: int, embstr or raw.",
        "FREQ <key>",
        "    An error: how often entries are read is not counted.",
        "IDLETIME <key>",
        "    0: when entries were read is not known.",
        "REFCOUNT <key>",
        "    1.",
        "HELP",
        "    Prints this help.",
    };
    x.out.lines(help);
}

namespace {

// SAMPLES, which mean nothing here, however often they are given.
bool takes_samples(execution &x, arguments given) {
    for (std::size_t at = 0; at < given.size(); at += 2) {
        std::optional<std::int64_t> samples = -1;
        if (is_word(given[at], "samples") && at + 1 < given.size())
            samples = integer(x, given[at + 1]);
        if (!samples)
            return false;
        if (*samples < 0) {
            x.out.error(syntax_error);
            return false;
        }
    }
    return true;
}

}  // namespace

// The row, its header and line pointer, and its entry in the index.
void memory_usage(execution &x, arguments given) {
    if (!takes_samples(x, given.subspan(3)))
        return;
    with_entry(x, given[2], wanting::value, [&](const std::optional<entry> &found) {
        if (!found)
            return x.out.null();
        std::size_t row = MAXALIGN(SizeofHeapTupleHeader) + given[2].size() +
                          bytes_of(found->value).size() + sizeof(timestamp);
        std::size_t in_index = MAXALIGN(sizeof(IndexTupleData) + given[2].size());
        x.out.integer(static_cast<std::int64_t>(MAXALIGN(row) + sizeof(ItemIdData) + in_index +
                                                sizeof(ItemIdData)));
    });
}

}  // namespace kvstore::redis::handlers
