// WATCH: which version of each key is there. What it replies is no RESP, but for kvstore-redis,
// which sends it back with the EXEC: see docs/design.md.

#include "redis/watch.hpp"

#include "redis/entry_access.hpp"
#include "redis/handlers.hpp"
#include "rules/redis_batch.hpp"

namespace kvstore::redis {

namespace {

// The version, as bytes; nothing if the key cannot be looked at, which is answered.
std::optional<std::string_view> version_at(execution &x, const place &at) {
    std::optional<std::string_view> result;
    x.as_one_step(*at.in, [&] {
        x.take_snapshot();
        std::optional<entry_version> found = version_of(*at.in, at.key);
        result = found ? bytes_of(varlena_of(
                             {reinterpret_cast<const char *>(&*found), sizeof(entry_version)}))
                       : std::string_view();
    });
    return result;
}

bool can_hold(const place &at) {
    return !XactReadOnly && !RecoveryInProgress() &&
           pg_class_aclcheck(RelationGetRelid(at.in->table), GetUserId(), ACL_UPDATE) ==
               ACLCHECK_OK;
}

// A row that is locked in a subtransaction and changed outside of it takes a MultiXact: so there is
// none where SQL needs none.
void hold(execution &x, const place &at) {
    if (at.in->detour != nullptr) {
        x.as_a_whole([&] {
            lock_row(*at.in, at.key, row_lock::waits);
            return true;
        });
    } else if (x.waits()) {
        lock_row(*at.in, at.key, row_lock::waits);
    } else if (!ConditionalLockRelationOid(RelationGetRelid(at.in->table), RowShareLock) ||
               !lock_row(*at.in, at.key, row_lock::skips_locked)) {
        x.set_would_wait();
    }
}

}  // namespace

std::optional<bool> is_unchanged(execution &x, const watched_key &watched, hold_keys holds) {
    std::optional<place> at = place_of(x, reading, watched.key, watched.database);
    std::optional<std::string_view> now = at ? version_at(x, *at) : std::nullopt;
    if (!now)
        return std::nullopt;
    if (*now != watched.version)
        return false;
    if (holds == hold_keys::yes && !now->empty() && can_hold(*at))
        hold(x, *at);
    return true;
}

namespace handlers {

void watch(execution &x, arguments given) {
    auto *versions =
        static_cast<std::string_view *>(palloc(sizeof(std::string_view) * given.size()));
    for (std::size_t i = 1; i < given.size(); i++) {
        std::optional<place> at = place_of(x, reading, given[i]);
        std::optional<std::string_view> found = at ? version_at(x, *at) : std::nullopt;
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
