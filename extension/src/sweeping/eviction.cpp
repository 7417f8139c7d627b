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

    // The least rank at which the entries up to it make so large a part of the sample, by bytes.
    std::uint64_t quantile(double part) {
        std::sort(entries_, entries_ + count_,
                  [](const ranked &a, const ranked &b) { return a.rank < b.rank; });
        double wanted = part * static_cast<double>(bytes_);
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < count_; i++) {
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

}  // namespace

eviction choose_eviction(const store &in, eviction_order order, std::int64_t excess,
                         std::int64_t all) {
    PushActiveSnapshot(GetTransactionSnapshot());
    double part = static_cast<double>(excess) / static_cast<double>(all);
    eviction chosen{true, order, sample(in, order).quantile(part), excess};
    PopActiveSnapshot();
    return chosen;
}

}  // namespace kvstore
