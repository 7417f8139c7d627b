// What the sweeper remembers of a store, so that it looks only where something can have
// expired: pure, so that it is tested without a server.
//
// The pages of a store are divided into at most 1024 ranges of 16 pages or more, each of which
// takes 24 bytes: 0.02 % of the store, and 24 kB at most. A range is looked at again
//   - when the earliest expiry that was seen in it has come;
//   - when it was written to: `changed` tells, from the visibility map, which every write
//     clears and VACUUM sets. A range that was being written to when it was looked at
//     is looked at once more after it has come to rest;
//   - once in a long while in any case: a page that was written to and vacuumed between
//     two rounds looks as if nothing had happened.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "rules/ttl.hpp"

namespace kvstore {

// Pages first..end, without end.
struct page_span {
    std::uint32_t first;
    std::uint32_t end;
};

// What a look at some pages has left there.
struct remains {
    timestamp earliest = never_expires;  // expiry
    std::int64_t bytes = 0;              // of entries, as kv_limit() counts
};

class sweep_map {
  public:
    static constexpr std::uint32_t most_ranges = 1024;
    static constexpr std::uint32_t least_pages_per_range = 16;
    static constexpr timestamp long_while = 3600 * microseconds_per_second;

    // One range.
    struct range {
        remains left = {.earliest = INT64_MIN};  // not looked at yet: due
        bool at_rest = false;                    // nobody was writing when it was looked at
        bool wanted = false;                     // in this round
    };

    // Forgets everything: the store was emptied, or is another one.
    void clear() {
        sweep_map cleared;
        cleared.ranges_ = ranges_;
        cleared.room_ = room_;
        *this = cleared;
    }

    // Adapts to the present size of the store. What comes new is to be looked at.
    // resize(ranges, count) gives memory for so many ranges with what is in the old one, as
    // realloc() does; whoever gives it frees it.
    template <class Resize>
    void fit(std::uint32_t pages, Resize resize) {
        while (ranges_for(pages) > most_ranges)
            double_range_size();
        std::uint32_t needed = ranges_for(pages);
        if (needed > room_ || needed < room_ / 2) {
            ranges_ = resize(ranges_, std::max(needed, std::uint32_t{1}));
            room_ = std::max(needed, std::uint32_t{1});
        }
        for (std::uint32_t i = used_; i < needed; i++)
            ranges_[i] = range{};
        bool last_has_grown = pages > pages_ && pages_ % pages_per_range_ != 0;
        if (last_has_grown)
            ranges_[used_ - 1].at_rest = false;
        used_ = needed;
        pages_ = pages;
    }

    // The ranges, to be kept elsewhere.
    std::span<const range> ranges() const { return {ranges_, used_}; }

    // Gives the map, a copy of which was kept, its ranges back. nullptr if they were lost: then
    // the round goes on, and all that it comes to is due.
    template <class Resize>
    void restore(const range *kept, Resize resize) {
        room_ = std::max(used_, std::uint32_t{1});
        ranges_ = resize(static_cast<range *>(nullptr), room_);
        for (std::uint32_t i = 0; i < used_; i++) {
            ranges_[i] = kept != nullptr ? kept[i] : range{};
            if (kept == nullptr)
                ranges_[i].wanted = true;
        }
    }

    // `elapsed` is the time of a clock that nobody sets, for the long while.
    void begin_round(timestamp now, timestamp elapsed) {
        round_began_ = now;
        everything_ = elapsed - looked_at_everything_ >= long_while;
        if (everything_)
            looked_at_everything_ = elapsed;
        start_over();
        decided_ = 0;
    }

    // Instead of a round: wants a look at all ranges in which something expires until then.
    void want_expiring_until(timestamp then) {
        for (std::uint32_t i = 0; i < used_; i++)
            ranges_[i].wanted = ranges_[i].left.earliest <= then;
        start_over();
        decided_ = used_;
    }

    // The pages to be looked at next, all of one range; nothing at the end of the round, or
    // when enough() of the others were passed by for now.
    // changed(span) tells whether pages were written to since they were last vacuumed; it
    // is asked when the round comes to them.
    template <class Changed, class Enough>
    std::optional<page_span> next(Changed changed, Enough enough) {
        for (std::uint32_t i = at_ / pages_per_range_; i < used_; i++) {
            for (; decided_ <= i; decided_++)
                decide(ranges_[decided_], changed(span_of(decided_)));
            if (ranges_[i].wanted)
                return page_span{std::max(at_, span_of(i).first), span_of(i).end};
            at_ = span_of(i).end;
            seen_ = {};
            if (enough())
                break;
        }
        return std::nullopt;
    }

    // Whether the round has come to its end.
    bool finished() const { return at_ >= pages_; }

    // The pages up to `end`, of those that next() told, were looked at.
    void looked_at(std::uint32_t end, const remains &left) {
        range &one = ranges_[at_ / pages_per_range_];
        std::uint32_t range_end = span_of(at_ / pages_per_range_).end;
        seen_ = {std::min(seen_.earliest, left.earliest), seen_.bytes + left.bytes};
        at_ = end;
        if (end < range_end)
            return;
        one.left = seen_;
        one.wanted = false;
        seen_ = {};
    }

    // Of all entries, as far as they were looked at.
    std::int64_t bytes() const {
        std::int64_t sum = 0;
        for (std::uint32_t i = 0; i < used_; i++)
            sum += ranges_[i].left.bytes;
        return sum;
    }

    std::uint32_t pages() const { return pages_; }

  private:
    // What an earlier round wanted and did not come to is wanted still.
    void decide(range &one, bool in_motion) {
        one.wanted = one.wanted || everything_ || in_motion || !one.at_rest ||
                     one.left.earliest <= round_began_;
        one.at_rest = !in_motion;
    }

    void start_over() {
        at_ = 0;
        seen_ = {};
    }

    std::uint32_t ranges_for(std::uint32_t pages) const {
        return pages / pages_per_range_ + (pages % pages_per_range_ != 0 ? 1 : 0);
    }

    page_span span_of(std::uint32_t index) const {
        std::uint32_t first = index * pages_per_range_;
        return {first, std::min(first + pages_per_range_, pages_)};
    }

    // Joins neighbours.
    void double_range_size() {
        for (std::uint32_t i = 0; i < used_; i += 2) {
            const range &left = ranges_[i];
            const range &right = i + 1 < used_ ? ranges_[i + 1] : left;
            std::int64_t bytes = left.left.bytes + (i + 1 < used_ ? right.left.bytes : 0);
            ranges_[i / 2] = {{std::min(left.left.earliest, right.left.earliest), bytes},
                              left.at_rest && right.at_rest,
                              left.wanted || right.wanted};
        }
        used_ = (used_ + 1) / 2;
        pages_per_range_ *= 2;
        start_over();
    }

    std::uint32_t pages_per_range_ = least_pages_per_range;
    std::uint32_t used_ = 0;
    std::uint32_t pages_ = 0;
    std::uint32_t at_ = 0;       // the round has come to this page
    remains seen_ = {};          // in the part of the range before it
    std::uint32_t decided_ = 0;  // ranges before it are wanted or not, in this round
    bool everything_ = false;    // is wanted in this round
    timestamp round_began_ = 0;
    timestamp looked_at_everything_ = INT64_MIN / 2;
    std::uint32_t room_ = 0;  // for ranges
    range *ranges_ = nullptr;
};

}  // namespace kvstore
