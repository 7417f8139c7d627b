#include "sweeping/key_sweep.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "paths/operation.hpp"
#include "paths/statement_parts.hpp"
#include "rules/monotonic.hpp"
#include "server/scratch_memory.hpp"
#include "sweeping/removal.hpp"

namespace kvstore {

namespace {

#define SOME_BY_KEY(where)                                  \
    "SELECT key, " HAS_EXPIRED_AT(CLOCK) " FROM %1$s" where \
                                         " ORDER BY key USING OPERATOR(pg_catalog.<) LIMIT 1000"

constexpr const char *first_keys = SOME_BY_KEY("");
constexpr const char *further_keys = SOME_BY_KEY(" WHERE key OPERATOR(pg_catalog.>) $1");
constexpr std::uint64_t keys_at_once = 1000;

class key_sweep {
  public:
    key_sweep(const store &in, const sweep_part &part)
        : in_(in), part_(part), caller_(CurrentMemoryContext), after_(part.after) {}

    sweep_result run() {
        do {
            CHECK_FOR_INTERRUPTS();
            scratch_.use([&] { sweep_some(); });
        } while (!is_at_end_ && result_.removed < part_.most_rows &&
                 monotonic_now() < part_.deadline);
        scratch_.free();
        result_.next = is_at_end_ ? InvalidBlockNumber : 0;
        result_.after = is_at_end_ ? nullptr : last_;
        return result_;
    }

  private:
    void sweep_some() {
        SPI_connect();
        find_some();
        is_at_end_ = SPI_processed < keys_at_once;
        auto *expired = static_cast<Datum *>(palloc(sizeof(Datum) * keys_at_once));
        std::size_t count = 0;
        for (uint64 row = 0; row < SPI_processed; row++)
            if (column(row, 2) != 0)
                expired[count++] = column(row, 1);
        if (!is_at_end_)
            remember(column(SPI_processed - 1, 1));
        remove({expired, count});
        SPI_finish();
    }

    void find_some() {
        static constexpr std::array<Oid, 1> types{TEXTOID};
        std::array<Datum, 1> values{PointerGetDatum(after_)};
        if (after_ == nullptr)
            execute(in_, first_keys, std::span(types).first(0), std::span(values).first(0));
        else
            execute(in_, further_keys, types, values);
    }

    static Datum column(uint64 row, int number) {
        bool is_null;
        return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, number, &is_null);
    }

    void remember(Datum key) {
        MemoryContext before = MemoryContextSwitchTo(caller_);
        if (last_ != nullptr)
            pfree(last_);
        last_ = reinterpret_cast<text *>(DatumGetPointer(copy_of_value(key)));
        after_ = last_;
        MemoryContextSwitchTo(before);
    }

    // No more than are to go. Of no keys, too, as for a store with pages.
    void remove(std::span<Datum> keys) {
        do {
            auto most = static_cast<std::uint64_t>(part_.most_rows - result_.removed);
            std::span<Datum> some = keys.first(std::min<std::uint64_t>(keys.size(), most));
            std::int64_t removed = remove_by_key(in_, some, false, part_, result_);
            result_.removed += removed;
            result_.left += static_cast<std::int64_t>(some.size()) - removed;
            keys = keys.subspan(some.size());
        } while (!keys.empty() && result_.removed < part_.most_rows);
    }

    const store &in_;
    const sweep_part &part_;
    MemoryContext caller_;
    scratch_memory scratch_;
    const text *after_;
    text *last_ = nullptr;
    bool is_at_end_ = false;
    sweep_result result_;
};

}  // namespace

sweep_result sweep_keys(const store &in, const sweep_part &part) {
    return key_sweep(in, part).run();
}

}  // namespace kvstore
