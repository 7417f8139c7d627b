#include "rules/sweep_map.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

namespace kvstore {
namespace {

constexpr timestamp hour = 3600 * microseconds_per_second;
constexpr std::uint32_t range = sweep_map::least_pages_per_range;

// A map and a store for it, of which each page has an earliest expiry.
class SweepMap : public testing::Test {
  protected:
    void begin() {
        map->fit(static_cast<std::uint32_t>(expires.size()), resize);
        map->begin_round(now, now + clocks_differ_by);
    }

    // Memory that fits exactly, so that a sanitizer or valgrind sees what is beyond it.
    static sweep_map::range *resize(sweep_map::range *ranges, std::uint32_t count) {
        return static_cast<sweep_map::range *>(std::realloc(ranges, count * sizeof(*ranges)));
    }

    void TearDown() override { std::free(const_cast<sweep_map::range *>(map->ranges().data())); }

    std::optional<page_span> next() {
        auto changed = [&](const page_span &pages) {
            for (std::uint32_t page = pages.first; page < pages.end; page++)
                if (written[page])
                    return true;
            return false;
        };
        // Enough after one range, again and again.
        std::optional<page_span> found;
        while (!found && !map->finished())
            found = map->next(changed, [] { return true; });
        return found;
    }

    // A round in steps of so many pages; the pages that were looked at.
    std::vector<std::uint32_t> look(std::uint32_t step = 7) {
        std::vector<std::uint32_t> looked;
        while (std::optional<page_span> pages = next()) {
            std::uint32_t end = std::min(pages->first + step, pages->end);
            remains left;
            for (std::uint32_t page = pages->first; page < end; page++) {
                looked.push_back(page);
                if (expires[page] <= now)
                    expires[page] = never_expires;  // swept
                left.earliest = std::min(left.earliest, expires[page]);
                left.bytes += 10;
            }
            map->looked_at(end, left);
        }
        return looked;
    }

    std::vector<std::uint32_t> round() {
        begin();
        return look();
    }

    void make_store(std::uint32_t pages) {
        expires.assign(pages, now + 10 * hour);
        written.assign(pages, false);
    }

    timestamp now = 1000 * hour;
    timestamp clocks_differ_by = -700 * hour;
    std::vector<timestamp> expires;
    std::vector<bool> written;
    std::unique_ptr<sweep_map> map = std::make_unique<sweep_map>();
};

TEST_F(SweepMap, AnEmptyStoreHasNothingToLookAt) {
    make_store(0);
    EXPECT_TRUE(round().empty());
    EXPECT_EQ(map->bytes(), 0);
}

TEST_F(SweepMap, ANewStoreIsLookedAtFromEndToEnd) {
    make_store(100);
    std::vector<std::uint32_t> looked = round();
    ASSERT_EQ(looked.size(), 100U);
    for (std::uint32_t page = 0; page < 100; page++)
        EXPECT_EQ(looked[page], page);
    EXPECT_EQ(map->bytes(), 1000);
}

TEST_F(SweepMap, AnIdleStoreIsNotLookedAt) {
    make_store(100);
    round();
    EXPECT_TRUE(round().empty());
    EXPECT_EQ(map->bytes(), 1000);
}

TEST_F(SweepMap, WhatIsDueIsLookedAt) {
    make_store(10 * range);
    expires[3 * range + 1] = now + hour / 2;
    round();
    now += hour / 2 - 1;
    EXPECT_TRUE(round().empty());
    now += 1;
    std::vector<std::uint32_t> looked = round();
    ASSERT_EQ(looked.size(), range);
    EXPECT_EQ(looked.front(), 3 * range);
    EXPECT_TRUE(round().empty());
}

TEST_F(SweepMap, WhatIsWrittenToIsLookedAtUntilItHasComeToRest) {
    make_store(10 * range);
    round();
    written[5 * range] = true;
    EXPECT_EQ(round().size(), range);
    EXPECT_EQ(round().size(), range);
    written[5 * range] = false;
    EXPECT_EQ(round().size(), range) << "written to after the last look";
    EXPECT_TRUE(round().empty());
}

TEST_F(SweepMap, EverythingIsLookedAtOnceInALongWhile) {
    make_store(100);
    round();
    now += sweep_map::long_while - 1;
    EXPECT_TRUE(round().empty());
    now += 1;
    EXPECT_EQ(round().size(), 100U);
}

// The clock of expiries may be set; then what is due is due by it, and a long while is as long.
TEST_F(SweepMap, ALongWhileIsNotOfTheClockThatIsSet) {
    make_store(100);
    round();
    now += 10 * hour;
    clocks_differ_by -= 10 * hour;
    for (timestamp &each : expires)
        each = never_expires;
    round();
    EXPECT_TRUE(round().empty());
    now -= 20 * hour;
    clocks_differ_by += 20 * hour;
    EXPECT_TRUE(round().empty());
    clocks_differ_by += hour;
    EXPECT_EQ(round().size(), 100U);
}

TEST_F(SweepMap, ASmallStoreTakesLittle) {
    make_store(1);
    round();
    EXPECT_EQ(map->ranges().size(), 1U);
    make_store(10 * range);
    round();
    EXPECT_EQ(map->ranges().size(), 10U);
}

TEST_F(SweepMap, WhatWasKeptElsewhereIsAsBefore) {
    make_store(10 * range);
    expires[3 * range + 1] = now + hour / 2;
    round();
    written[7 * range] = true;
    begin();
    EXPECT_EQ(next()->first, 7 * range);
    map->looked_at(7 * range + 2, {.earliest = never_expires, .bytes = 20});

    std::vector<sweep_map::range> kept(map->ranges().begin(), map->ranges().end());
    sweep_map copy = *map;
    copy.restore(kept.data(), resize);
    std::swap(*map, copy);
    std::free(const_cast<sweep_map::range *>(copy.ranges().data()));
    EXPECT_EQ(look().front(), 7 * range + 2);
    EXPECT_EQ(map->bytes(), 10 * range * 10);
    now += hour / 2;
    written[7 * range] = false;
    EXPECT_EQ(round().front(), 3 * range);
}

TEST_F(SweepMap, ARoundGoesOnWhenRangesWereLost) {
    make_store(10 * range);
    begin();
    next();
    map->looked_at(range, {.earliest = never_expires});
    next();
    map->looked_at(range + 3, {.earliest = never_expires});
    sweep_map copy = *map;
    copy.restore(nullptr, resize);
    std::swap(*map, copy);
    std::free(const_cast<sweep_map::range *>(copy.ranges().data()));
    std::vector<std::uint32_t> looked = look();
    EXPECT_EQ(looked.front(), range + 3);
    EXPECT_EQ(looked.size(), 9 * range - 3);
    EXPECT_EQ(round().size(), 2 * range) << "of what came before, nothing is known";
}

TEST_F(SweepMap, NewPagesAreLookedAt) {
    make_store(10 * range + 3);
    round();
    expires.resize(12 * range, now + hour);
    written.resize(12 * range, false);
    std::vector<std::uint32_t> looked = round();
    ASSERT_FALSE(looked.empty());
    EXPECT_EQ(looked.front(), 10 * range) << "the range that was not full";
    EXPECT_EQ(looked.back(), 12 * range - 1);
}

TEST_F(SweepMap, AStoreThatShrinksIsForgottenWhereItWas) {
    make_store(10 * range);
    round();
    make_store(2 * range);
    EXPECT_TRUE(round().empty());
    EXPECT_EQ(map->bytes(), 2 * range * 10);
    make_store(4 * range);
    EXPECT_EQ(round().front(), 2 * range);
}

TEST_F(SweepMap, ALargeStoreHasLargerRangesButNoMoreOfThem) {
    make_store(sweep_map::most_ranges * range);
    round();
    make_store(5 * sweep_map::most_ranges * range);
    expires[17] = now + hour;
    begin();
    std::vector<std::uint32_t> looked = look(100'000);
    EXPECT_EQ(looked.size(), 4 * sweep_map::most_ranges * range);
    EXPECT_GE(looked.front(), sweep_map::most_ranges * range) << "what is known stays known";
    EXPECT_EQ(map->bytes(), static_cast<std::int64_t>(expires.size()) * 10);
}

TEST_F(SweepMap, ARoundGoesOnWhereItStopped) {
    make_store(100);
    begin();
    const page_span first = *next();
    map->looked_at(first.first + 3, {.earliest = now + hour / 2, .bytes = 30});
    EXPECT_EQ(next()->first, 3U);
    EXPECT_EQ(look().size(), 97U);
    EXPECT_EQ(map->bytes(), 1000);
    now += hour / 2;
    EXPECT_EQ(round().front(), 0U) << "the earliest expiry of both parts counts";
}

TEST_F(SweepMap, WhatARoundDidNotComeToIsLookedAtInTheNext) {
    make_store(10 * range);
    round();
    written[5 * range] = true;
    begin();
    EXPECT_EQ(next()->first, 5 * range);  // and ends by an error
    written[5 * range] = false;
    EXPECT_EQ(round().size(), range);
    EXPECT_TRUE(round().empty());
}

// Whatever happens, each page is looked at in time, as long as writes are told.
TEST_F(SweepMap, NothingDueIsEverMissed) {
    std::mt19937 random(42);
    make_store(300);
    for (int i = 0; i < 2000; i++) {
        std::fill(written.begin(), written.end(), false);
        for (int writes = static_cast<int>(random() % 4); writes > 0; writes--) {
            std::size_t page = random() % expires.size();
            expires[page] = now + static_cast<timestamp>(random() % (3 * hour));
            written[page] = true;
        }
        if (random() % 50 == 0) {
            std::size_t pages = 1 + random() % 2000;
            expires.resize(pages, now + 1);
            written.resize(pages, true);
        }
        now += static_cast<timestamp>(random() % (hour / 10));
        begin();
        look(1 + random() % 40);
        for (timestamp each : expires)
            ASSERT_GT(each, now);
    }
}

}  // namespace
}  // namespace kvstore
