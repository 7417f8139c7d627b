// What an operation is, for either path to carry out.
//
// An operation on one entry is stated twice, side by side: as a decision about
// the live entry, which the fast path asks for and carries out, and as the SQL
// statement that does the same in one go. The regression tests hold both equal.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "rules/ttl.hpp"
#include "server/clock.hpp"
#include "store/lifetime.hpp"
#include "store/store.hpp"

namespace kvstore {

// An entry's value, as a varlena, and its expiry.
struct entry {
    Datum value;
    timestamp expires;
};

// A copy of a value, detoasted, in the current memory context.
inline Datum copy_of_value(Datum value) {
    return PointerGetDatum(
        pg_detoast_datum_copy(reinterpret_cast<struct varlena *>(DatumGetPointer(value))));
}

// The bytes of a key or a value that is neither compressed nor out of line, in its memory.
inline std::string_view bytes_of(Datum varlena) {
    const char *bytes = DatumGetPointer(varlena);
    return {VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)};
}

// The same of whatever stands in a row.
inline std::string_view detoasted_bytes_of(Datum varlena) {
    return bytes_of(PointerGetDatum(PG_DETOAST_DATUM_PACKED(varlena)));
}

// Whether they are text in the server's encoding.
inline bool is_text(std::string_view bytes) {
    int length = static_cast<int>(bytes.size());
    return pg_encoding_verifymbstr(GetDatabaseEncoding(), bytes.data(), length) == length;
}

// Whether we have waited for a lock since then, of a row, a transaction or a table. Whoever goes
// to sleep for one sets the alarm that looks for deadlocks. While the clock is stopped, nothing
// is kept that has waited.
inline bool has_waited_since(timestamp then) {
    return !stopped_clock() && get_timeout_start_time(DEADLOCK_TIMEOUT) >= then &&
           GetCurrentTimestamp() - then >= shortest_wait;
}

// What a call brings along.
struct request {
    Datum key;              // a text
    Datum value = 0;        // a varlena, 0 if the operation has none
    lifetime lives = {};    // of what is stored
    Datum expected = 0;     // the value that must be there, if there must be one
    std::int64_t by = 0;    // what is added to a counter
    std::int64_t most = 0;  // what a counter may come to
    std::optional<lifetime> slack = std::nullopt;  // an expiry may be off by less than this
    const struct terms *on = nullptr;              // of the operations that have terms
    bool waits = true;  // for other transactions; the SQL path does in any case, up to lock_timeout

    // The expiries of a live entry that need no change to `expires` at `moment`.
    expiry_range good_enough(timestamp expires, timestamp moment) const {
        return expiries_near(expires, slack ? slack->end(moment) - moment : 0);
    }
};

// Why an operation did not do what it was asked for: where that is no error, but an answer.
enum class hindrance : std::uint8_t {
    none,
    unmet,  // a condition of its terms
    not_an_integer,
    out_of_range,  // a sum beyond 64 bits
    not_a_number,
    not_finite,  // a sum beyond all numbers
    too_long,
    not_text,    // the value that would come of it
    would_wait,  // and was asked not to
};

// What becomes of a row that another transaction has locked: it is waited for, or left out.
enum class row_lock : bool { waits, skips_locked };

// Which version of an entry is there: the same as long as nobody has written it.
struct entry_version {
    std::uint64_t file;  // of the table, or of the partition
    std::uint32_t page;
    std::uint16_t line;
    std::uint16_t unused;
    std::uint32_t written_by;  // a transaction
    std::uint32_t unused_too;
};

// What to do about an entry.
struct decision {
    enum class verb : std::uint8_t { leave, store, remove };

    verb what = verb::leave;
    entry stored = {};  // with verb::store
    Datum answer = 0;   // what the call returns, a varlena, 0 for nothing
    hindrance met = hindrance::none;

    static constexpr decision leave(Datum answer = 0) { return {verb::leave, {}, answer}; }
    static constexpr decision store(const entry &stored, Datum answer = 0) {
        return {verb::store, stored, answer};
    }
    static constexpr decision remove(Datum answer = 0) { return {verb::remove, {}, answer}; }
    static constexpr decision refuse(hindrance why, Datum answer = 0) {
        return {verb::leave, {}, answer, why};
    }
};

// What a call did. The answer is a copy in the caller's memory context.
struct outcome {
    bool applied = false;  // something was stored or removed
    Datum answer = 0;      // 0 if there is none
    hindrance met = hindrance::none;
    timestamp expires = 0;  // of what was removed
};

// What the statistics count it as, if it applied, and whether they count a hit or a miss.
struct counted_as {
    bool read = false;
    bool set = false;
    bool removed = false;
};

// Which entries there may be before and after: of an upsert any; an update needs one that is live,
// and leaves one; a removal needs one, and leaves none.
enum class effect : std::uint8_t { upsert, update, removal };

struct operation {
    intent what;
    effect does;
    counted_as counts;

    // At the moment `now`, at which `live` is the live entry, nullptr if there is none. Takes
    // no action itself.
    decision (*decide)(const request &asked, const entry *live, timestamp now);

    // The same in SQL: %1$s is the store; $1 to $4 are the key, value, expiry and expected
    // value, $5 and $6 the ends of the range of expiries that are good enough, $7 when the clock is
    // stopped. It affects a row if the operation applies, and returns the answer, if there is one.
    // nullptr where no single statement does it.
    const char *sql = nullptr;

    // Of a change of what is there: locks the row as the statement would, so that the clock
    // is asked when the waiting is over.
    const char *lock_sql = nullptr;

    // Of a removal, which returns after the answer whether the entry was live till then, and its
    // expiry: without RETURNING, for stores with rules that it does not go with.
    const char *sql_under_rules = nullptr;

    // Whether the entry is most often left as it is, so that SQL looks before it locks the row,
    // which is a write.
    bool mostly_leaves = false;

    // The same for a function of another name.
    constexpr operation called(const char *function) const {
        operation other = *this;
        other.what.function = function;
        return other;
    }
};

}  // namespace kvstore
