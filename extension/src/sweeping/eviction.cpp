#include "sweeping/eviction.hpp"

#include <algorithm>

#include "sweeping/row_scan.hpp"

namespace kvstore {

namespace {

struct ranked {
    std::uint64_t rank;
    std::int64_t bytes;
};

// The entries of pages all over the store.
class sample {
  public:
    sample(const store &in, eviction_order order) : in_(in), order_(order) {
        entries_ = static_cast<ranked *>(palloc(sizeof(ranked) * room_));
        BlockNumber pages = RelationGetNumberOfBlocks(in.table);
        BlockNumber step = std::max<BlockNumber>(1, pages / most_pages);
        for (BlockNumber page = 0; page < pages; page += step)
            add(page);
    }

    // The least rank at which the entries from `least` up to it make so large a part of the sample,
    // by bytes. Of equals, which go in no order, not many more: then the rank before theirs.
    std::uint64_t quantile(std::uint64_t least, double part) {
        std::sort(entries_, entries_ + count_,
                  [](const ranked &a, const ranked &b) { return a.rank < b.rank; });
        const double wanted = part * static_cast<double>(bytes_);
        double sum = 0;
        std::uint64_t before = least;
        for (std::size_t i = first_from(least); i < count_;) {
            const std::uint64_t rank = entries_[i].rank;
            double with_equals = sum;
            for (; i < count_ && entries_[i].rank == rank; i++)
                with_equals += static_cast<double>(entries_[i].bytes);
            if (with_equals >= wanted)
                return sum > 0 && with_equals > wanted * (1 + most_too_many) ? before : rank;
            sum = with_equals;
            before = rank;
        }
        return UINT64_MAX;
    }

  private:
    static constexpr BlockNumber most_pages = 200;
    static constexpr double most_too_many = 0.1;  // of what is wanted

    std::size_t first_from(std::uint64_t least) const {
        std::size_t i = 0;
        while (i < count_ && entries_[i].rank < least)
            i++;
        return i;
    }

    void add(BlockNumber page) {
        row_scan rows(in_.table, page, page + 1);
        while (rows.next())
            add({rows.rank(order_), rows.bytes()});
        rows.end();
    }

    void add(const ranked &one) {
        if (count_ == room_) {
            room_ *= 2;
            entries_ = static_cast<ranked *>(repalloc(entries_, sizeof(ranked) * room_));
        }
        entries_[count_++] = one;
        bytes_ += one.bytes;
    }

    const store &in_;
    eviction_order order_;
    ranked *entries_;
    std::size_t room_ = 1024;
    std::size_t count_ = 0;
    std::int64_t bytes_ = 0;
};

// With the threshold that it needs. What never expires has its turn when nothing else is left.
eviction choose(const store &in, eviction wanted, double part) {
    CommandCounterIncrement();  // what has just been removed is gone
    PushActiveSnapshot(GetTransactionSnapshot());
    wanted.threshold = sample(in, wanted.limit.order).quantile(wanted.least, part);
    PopActiveSnapshot();
    constexpr std::uint64_t forever = rank_of_expiry(never_expires);
    if (wanted.limit.order == eviction_order::soonest && wanted.least < forever)
        wanted.threshold = std::min(wanted.threshold, forever - 1);
    wanted.bytes_before = wanted.bytes;
    return wanted;
}

double part_of(std::int64_t bytes, std::int64_t all) {
    return static_cast<double>(bytes) / static_cast<double>(std::max<std::int64_t>(all, 1));
}

}  // namespace

eviction choose_eviction(const store &in, const size_limit &limit, std::int64_t all) {
    std::int64_t excess = all - limit.bytes;
    return choose(in, {.is_due = true, .limit = limit, .bytes = excess, .bytes_at_first = excess},
                  part_of(excess, all));
}

eviction choose_further(const store &in, const eviction &before, std::int64_t all) {
    constexpr int tries_in_order = 4;
    constexpr int most_doublings = 20;
    eviction wanted = before;
    wanted.least = before.threshold + 1;
    if (before.bytes == before.bytes_before)
        wanted.vain_tries++;
    int doublings = std::clamp(wanted.vain_tries - tries_in_order, 0, most_doublings);
    return choose(in, wanted, part_of(wanted.bytes, all) * (1 << doublings));
}

bool is_outdated(const eviction &evict) {
    constexpr std::int64_t part = 16;
    constexpr std::int64_t least = 1 << 20;
    return evict.is_due &&
           evict.bytes_at_first - evict.bytes >= std::max(evict.bytes_at_first / part, least);
}

}  // namespace kvstore
