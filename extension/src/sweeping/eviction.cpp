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
    // by bytes.
    std::uint64_t quantile(std::uint64_t least, double part) {
        std::sort(entries_, entries_ + count_,
                  [](const ranked &a, const ranked &b) { return a.rank < b.rank; });
        double wanted = part * static_cast<double>(bytes_);
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < count_; i++) {
            if (entries_[i].rank < least)
                continue;
            sum += entries_[i].bytes;
            if (static_cast<double>(sum) >= wanted)
                return entries_[i].rank;
        }
        return UINT64_MAX;
    }

  private:
    static constexpr BlockNumber most_pages = 200;

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

// With the threshold that it needs.
eviction choose(const store &in, eviction wanted, double part) {
    PushActiveSnapshot(GetTransactionSnapshot());
    wanted.threshold = sample(in, wanted.order).quantile(wanted.least, part);
    PopActiveSnapshot();
    return wanted;
}

double part_of(std::int64_t bytes, std::int64_t all) {
    return static_cast<double>(bytes) / static_cast<double>(all);
}

}  // namespace

eviction choose_eviction(const store &in, eviction_order order, std::int64_t excess,
                         std::int64_t all) {
    return choose(in, {.is_due = true, .order = order, .bytes = excess}, part_of(excess, all));
}

eviction choose_further(const store &in, const eviction &before, std::int64_t all) {
    constexpr int most_doublings = 20;
    eviction wanted = before;
    wanted.least = before.threshold + 1;
    wanted.tries++;
    return choose(in, wanted,
                  part_of(wanted.bytes, all) * (1 << std::min(wanted.tries, most_doublings)));
}

}  // namespace kvstore
