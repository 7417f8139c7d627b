// WATCH: which version of each key is there. What it replies is no RESP, but for kvstore-redis,
// which sends it back with the EXEC: see docs/design.md.

#include "redis/watch.hpp"

#include "redis/entry_access.hpp"
#include "redis/handlers.hpp"
#include "rules/redis_batch.hpp"

namespace kvstore::redis {

namespace {

// The version, as bytes; nothing if the key cannot be looked at, which is answered.
std::optional<std::string_view> version_at(execution &x, int database, std::string_view key) {
    std::optional<place> at = place_of(x, reading, key, database);
    if (!at)
        return std::nullopt;
    std::optional<std::string_view> result;
    x.as_one_step(*at->in, [&] {
        x.take_snapshot();
        std::optional<entry_version> found = version_of(*at->in, at->key);
        result = found ? bytes_of(varlena_of(
                             {reinterpret_cast<const char *>(&*found), sizeof(entry_version)}))
                       : std::string_view();
    });
    return result;
}

}  // namespace

std::optional<bool> is_unchanged(execution &x, const watched_key &watched) {
    std::optional<std::string_view> now = version_at(x, watched.database, watched.key);
    if (!now)
        return std::nullopt;
    return *now == watched.version;
}

namespace handlers {

void watch(execution &x, arguments given) {
    auto *versions =
        static_cast<std::string_view *>(palloc(sizeof(std::string_view) * given.size()));
    for (std::size_t i = 1; i < given.size(); i++) {
        std::optional<std::string_view> found = version_at(x, x.database(), given[i]);
        if (!found)
            return;
        versions[i] = *found;
    }
    byte_writer to(x.out.buffer());
    for (std::size_t i = 1; i < given.size(); i++)
        to.sized(versions[i]);
}

}  // namespace handlers

}  // namespace kvstore::redis
