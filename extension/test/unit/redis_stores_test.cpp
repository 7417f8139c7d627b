#include "rules/redis_stores.hpp"

#include <gtest/gtest.h>

namespace kvstore {
namespace {

TEST(RedisStores, AreNamesBetweenCommas) {
    EXPECT_EQ(nth_name("kv_redis", 0), "kv_redis");
    EXPECT_EQ(nth_name("kv_redis", 1), std::nullopt);
    EXPECT_EQ(nth_name(" a , app.b,\t\"x,y\" ", 1), "app.b");
    EXPECT_EQ(nth_name(" a , app.b,\t\"x,y\" ", 2), "\"x,y\"");
    EXPECT_EQ(nth_name("\"a\"\",b\",c", 1), "c");
    EXPECT_EQ(nth_name("a,,b", 1), "");
    EXPECT_EQ(nth_name("", 0), "");
    EXPECT_EQ(count_names(""), 1u);
    EXPECT_EQ(count_names("a,\"b,c\",d"), 3u);
}

}  // namespace
}  // namespace kvstore
