#include "sweeping/key_sweep.hpp"

#include <array>
#include <span>

#include "paths/operation.hpp"
#include "paths/statement_parts.hpp"
#include "server/scratch_memory.hpp"
#include "sweeping/removal.hpp"

namespace kvstore {

namespace {

#define SOME_BY_KEY(bytes, where)                                      \
    "SELECT key, " HAS_EXPIRED_AT(CLOCK) ", " bytes " FROM %1$s" where \
                                         " ORDER BY key USING OPERATOR(pg_catalog.<) LIMIT 1000"
#define BEHIND " WHERE key OPERATOR(pg_catalog.>) $1"
#define BYTES "pg_catalog.pg_column_size(value)"

constexpr const char *first_keys = SOME_BY_KEY("0", "");
constexpr const char *further_keys = SOME_BY_KEY("0", BEHIND);
// To see the value needs a privilege, which the sweeper has.
constexpr const char *first_keys_weighed = SOME_BY_KEY(BYTES, "");
constexpr const char *further_keys_weighed = SOME_BY_KEY(BYTES, BEHIND);
constexpr std::uint64_t keys_at_once = 1000;

class key_sweep {
  public:
    key_sweep(const store &in, const sweep_part &part)
        : in_(in), part_(part), caller_(CurrentMemoryContext), after_(part.after) {
        result_.pace = part.pace;
    }

    sweep_result run() {
        do {
            CHECK_FOR_INTERRUPTS();
            scratch_.use([&] { sweep_some(); });
        } while (!is_at_end_ && !is_to_stop());
        scratch_.free();
        result_.next = is_at_end_ ? InvalidBlockNumber : 0;
        result_.after = is_at_end_ ? nullptr : last_;
        return result_;
    }

  private:
    bool is_to_stop() const { return result_.removed >= part_.most_rows || part_.is_over(); }

    void sweep_some() {
        SPI_connect();
        find_some();
        rows_ = SPI_tuptable;
        std::uint64_t found = SPI_processed;
        std::uint64_t seen = remove_expired(found);
        is_at_end_ = seen == found && found < keys_at_once;
        if (!is_at_end_)
            remember(column(seen - 1, 1));
        SPI_finish();
    }

    void find_some() {
        static constexpr std::array<Oid, 1> types{TEXTOID};
        std::array<Datum, 1> values{PointerGetDatum(after_)};
        if (after_ == nullptr)
            execute(in_, is_weighed() ? first_keys_weighed : first_keys, std::span(types).first(0),
                    std::span(values).first(0));
        else
            execute(in_, is_weighed() ? further_keys_weighed : further_keys, types, values);
    }

    // What is computed when it is read has no weight.
    bool is_weighed() const {
        return part_.has_deadline() &&
               !pg::is_virtual(TupleDescAttr(RelationGetDescr(in_.table), 1));
    }

    // Of the keys found; how many of them were seen when it was time to stop.
    std::uint64_t remove_expired(std::uint64_t found) {
        auto *expired = static_cast<doomed_entry *>(palloc(sizeof(doomed_entry) * keys_at_once));
        std::size_t count = 0;
        std::int64_t bytes = 0;
        for (std::uint64_t row = 0; row < found; row++) {
            if (column(row, 2) == 0)
                continue;
            expired[count++] = {column(row, 1), {}, DatumGetInt32(column(row, 3))};
            bytes += expired[count - 1].bytes;
            if (!is_enough(static_cast<std::int64_t>(count), bytes))
                continue;
            remove({expired, count});
            count = 0;
            bytes = 0;
            if (is_to_stop())
                return row + 1;
        }
        // Of no keys, too, as for a store with pages.
        if (count > 0 || !has_asked_)
            remove({expired, count});
        return found;
    }

    // No more than are to go.
    bool is_enough(std::int64_t count, std::int64_t bytes) const {
        return result_.removed + count >= part_.most_rows ||
               is_enough_at_once(count, bytes, result_);
    }

    void remove(std::span<doomed_entry> expired) {
        has_asked_ = true;
        std::int64_t removed = remove_by_key(in_, expired, false, part_, result_).count;
        result_.removed += removed;
        result_.left += static_cast<std::int64_t>(expired.size()) - removed;
    }

    Datum column(std::uint64_t row, int number) const {
        bool is_null;
        return SPI_getbinval(rows_->vals[row], rows_->tupdesc, number, &is_null);
    }

    void remember(Datum key) {
        MemoryContext before = MemoryContextSwitchTo(caller_);
        if (last_ != nullptr)
            pfree(last_);
        last_ = reinterpret_cast<text *>(DatumGetPointer(copy_of_value(key)));
        after_ = last_;
        MemoryContextSwitchTo(before);
    }

    const store &in_;
    const sweep_part &part_;
    MemoryContext caller_;
    scratch_memory scratch_;
    const text *after_;
    text *last_ = nullptr;
    SPITupleTable *rows_ = nullptr;
    bool is_at_end_ = false;
    bool has_asked_ = false;  // SQL to remove some
    sweep_result result_;
};

}  // namespace

sweep_result sweep_keys(const store &in, const sweep_part &part) {
    return key_sweep(in, part).run();
}

}  // namespace kvstore
