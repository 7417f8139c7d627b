// Where the rows of keys were found last, so that most are found again without a search of the
// index.
//
// What is recalled may be out of date: rows move, and their places are used for others. It need
// not be forgotten, since it is easily checked: a row that an MVCC snapshot sees, and that has the
// key, is the row of that key, for the primary key allows no second one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/postgres.hpp"

namespace kvstore::tid_cache {

struct place {
    ItemPointerData tid;
    Buffer buffer;  // which had its page
};

std::optional<place> recall(Relation table, Datum key);

void remember(Relation table, Datum key, const place &where);

// The same as recall() in two steps, for who does something else while the processor fetches from
// memory what the first one asks for; and not counted as a search.
struct set;
struct spot {
    set *in;
    std::uint16_t tag;
};
std::optional<spot> expect(Relation table, std::string_view key);
std::optional<place> peek(const spot &at);

}  // namespace kvstore::tid_cache
