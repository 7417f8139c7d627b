// What most commands do: find one entry, or change it, and answer.
#pragma once

#include "operations/moving.hpp"
#include "redis/execution.hpp"

namespace kvstore::redis {

constexpr intent reading{"GET", ACL_SELECT};

// An entry's place, for that intent; nothing if it cannot be had, see execution::open() and key().
inline std::optional<place> place_of(execution &x, const intent &what, std::string_view key,
                                     int database) {
    std::optional<Datum> found = x.key(key);
    const store *in = found ? x.open(what, database) : nullptr;
    if (in == nullptr)
        return std::nullopt;
    return place{in, *found};
}
inline std::optional<place> place_of(execution &x, const intent &what, std::string_view key) {
    return place_of(x, what, key, x.database());
}

enum class wanting : bool { expiry, value };

// Has `use` answer about the live entry, or about there being none.
template <class Use>
void with_entry(execution &x, std::string_view key, wanting what, Use use) {
    std::optional<place> from = place_of(x, reading, key);
    if (!from)
        return;
    x.as_one_step(*from->in, [&] { use(x.read(*from->in, from->key, what == wanting::value)); });
}

// Carries out an operation and has `use` answer its outcome.
template <class Use>
void change(execution &x, const operation &op, const place &at, request asked, Use use) {
    asked.key = at.key;
    x.as_one_step(*at.in, [&] {
        outcome done = x.perform(op, *at.in, asked);
        if (!x.would_wait())
            use(done);
    });
}

inline void answer_value(execution &x, Datum value) {
    if (value == 0)
        x.out.null();
    else
        x.out.bulk(bytes_of(value));
}

// Redis's words for what hindered an operation.
void answer_hindrance(execution &x, hindrance met);

}  // namespace kvstore::redis
