// The arithmetic of expiries, counters, and what the sweeper remembers, given any bytes: the first
// one says which, the others are numbers, text, or what befalls a store.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include "rules/integer.hpp"
#include "rules/sweep_map.hpp"
#include "rules/ttl.hpp"

namespace {

using namespace kvstore;

void require(bool holds) {
    if (!holds)
        std::abort();
}

// The bytes, one value after the other; zeros when there are no more.
class input {
  public:
    explicit input(std::string_view bytes) : bytes_(bytes) {}

    template <class Value>
    Value take() {
        Value value{};
        std::size_t size = std::min(sizeof(value), bytes_.size());
        std::memcpy(&value, bytes_.data(), size);
        bytes_.remove_prefix(size);
        return value;
    }

    bool is_empty() const { return bytes_.empty(); }
    std::string_view rest() const { return bytes_; }

  private:
    std::string_view bytes_;
};

// --- Expiries ---

bool is_within_time(timestamp at, timestamp now) {
    return at > now && at < end_of_time;
}

void check_expiry(input from) {
    auto now = static_cast<timestamp>(from.take<std::uint64_t>() % end_of_time);
    auto seconds = from.take<double>();
    expiry after = expiry_after(now, seconds);
    if (after.fault == ttl_fault::none) {
        require(seconds > 0 && is_within_time(after.at, now));
        require(is_live(after.at, now) && !is_live(after.at, after.at));
    }

    auto months = from.take<std::int32_t>();
    auto days = from.take<std::int32_t>();
    auto microseconds = from.take<std::int64_t>();
    if (fault_of_interval(now, months, days, microseconds) == ttl_fault::none) {
        // A month of the mean length; where a calendar is ahead of that, it is by days.
        constexpr __int128 month = 2'629'746 * microseconds_per_second;
        constexpr __int128 day = 86'400 * microseconds_per_second;
        __int128 at = now + months * month;
        require(at < end_of_time - 365 * day);
        require(at + days * day < end_of_time - 365 * day);
        require(at + days * day + microseconds < end_of_time - 365 * day);
    }

    if (after.fault == ttl_fault::none) {
        auto slack = static_cast<timestamp>(from.take<std::uint64_t>() % end_of_time);
        expiry_range near = expiries_near(after.at, slack);
        require(near.contains(after.at) == (slack > 0));
        require(!near.contains(never_expires));
    }
}

// --- Counters ---

void check_integers(input from) {
    auto a = from.take<std::int64_t>();
    auto b = from.take<std::int64_t>();
    integer_text written(a);
    require(parse_integer(written.view()) == a);
    __int128 sum = static_cast<__int128>(a) + b;
    std::optional<std::int64_t> found = sum_of(a, b);
    require(found.has_value() == (sum == static_cast<std::int64_t>(sum)) &&
            found.value_or(0) == (found ? sum : 0));

    std::string_view text = from.rest();
    if (std::optional<std::int64_t> read = parse_integer(text)) {
        std::size_t digits = text.front() == '-' ? 1 : 0;
        require(text.find_first_not_of("0123456789", digits) == std::string_view::npos);
        std::size_t zeros = std::min(text.find_first_not_of('0', digits), text.size() - 1) - digits;
        if (zeros == 0 && *read != 0)
            require(integer_text(*read).view() == text);
    }
}

// --- What the sweeper remembers ---

sweep_map::range *resize(sweep_map::range *ranges, std::uint32_t count) {
    return static_cast<sweep_map::range *>(std::realloc(ranges, count * sizeof(*ranges)));
}

// A store of which each page has an earliest expiry, and the sweeper's map of it. Whatever had
// expired when a round began is looked at before it ends, but for what was written and then
// vacuumed before the sweeper came by, which it finds within the hour.
class swept_store {
  public:
    ~swept_store() { std::free(const_cast<sweep_map::range *>(map_.ranges().data())); }

    void grow_to(std::uint32_t pages) {
        if (under_way_)
            return;
        page fresh{.written = true, .unseen = true};
        pages_.resize(pages, fresh);
    }

    void write(std::size_t number, timestamp lives) {
        if (pages_.empty())
            return;
        page &one = pages_[number % pages_.size()];
        one.expires = std::min(one.expires, now_ + lives);
        one.written = one.unseen = true;
    }

    void vacuum() {
        for (page &one : pages_) {
            one.missed = one.missed || one.unseen;
            one.due = one.due && !one.unseen;
            one.written = false;
        }
    }

    void pass(timestamp time) { now_ += time; }

    // As much of a round as so many steps are.
    void sweep(int steps, std::uint32_t pages_in_a_step) {
        if (!under_way_)
            begin();
        while (steps-- > 0 && !map_.finished())
            step(pages_in_a_step);
        if (!map_.finished())
            return;
        under_way_ = false;
        for (const page &one : pages_)
            require(!one.due);
    }

    // Another sweeper goes on, with what was kept of the map, or without.
    void change_sweepers(bool lost) {
        sweep_map copy = map_;
        auto *before = const_cast<sweep_map::range *>(map_.ranges().data());
        copy.restore(lost ? nullptr : before, resize);
        std::free(before);
        map_ = copy;
    }

  private:
    struct page {
        timestamp expires = never_expires;
        bool written = false;  // since it was last vacuumed
        bool unseen = false;   // written since it was last looked at
        bool missed = false;   // vacuumed unseen
        bool due = false;      // to be looked at in this round
    };

    void begin() {
        map_.fit(static_cast<std::uint32_t>(pages_.size()), resize);
        map_.begin_round(now_, now_);
        under_way_ = true;
        for (page &one : pages_)
            one.due = one.expires <= now_ && !one.missed;
    }

    void step(std::uint32_t length) {
        auto changed = [&](const page_span &span) {
            require(span.first < span.end && span.end <= pages_.size());
            return std::any_of(pages_.begin() + span.first, pages_.begin() + span.end,
                               [](const page &one) { return one.written; });
        };
        std::optional<page_span> found = map_.next(changed, [] { return true; });
        if (!found)
            return;
        require(found->first < found->end && found->end <= pages_.size());
        std::uint32_t end = std::min(found->first + length, found->end);
        remains left;
        for (std::uint32_t number = found->first; number < end; number++)
            left.earliest = std::min(left.earliest, look(pages_[number]));
        map_.looked_at(end, left);
    }

    // Removes what has expired; when the next one is due.
    timestamp look(page &one) const {
        if (one.expires <= now_)
            one.expires = never_expires;
        one.due = one.unseen = one.missed = false;
        return one.expires;
    }

    std::vector<page> pages_;
    sweep_map map_;
    timestamp now_ = 0;
    bool under_way_ = false;
};

void check_sweep_map(input from) {
    swept_store store;
    while (!from.is_empty()) {
        auto what = from.take<std::uint8_t>();
        auto number = from.take<std::uint16_t>();
        switch (what % 7) {
            case 0:
                store.grow_to(number % 20'000);
                break;
            case 1:
                store.write(number, what * microseconds_per_second);
                break;
            case 2:
                store.vacuum();
                break;
            case 3:
                store.pass(number * microseconds_per_second / 10);
                break;
            case 4:
                store.sweep(std::numeric_limits<int>::max(), number % 100 + 8);
                break;
            case 5:
                store.sweep(what / 7, number % 100 + 8);
                break;
            case 6:
                store.change_sweepers(number % 4 == 0);
                break;
        }
    }
    store.sweep(std::numeric_limits<int>::max(), 8);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    input from({reinterpret_cast<const char *>(data), size});
    switch (from.take<std::uint8_t>() % 3) {
        case 0:
            check_expiry(from);
            break;
        case 1:
            check_integers(from);
            break;
        case 2:
            check_sweep_map(from);
            break;
    }
    return 0;
}
