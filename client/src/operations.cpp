// Every operation, as the function of the extension that it is.
#include "kvstore/operations.hpp"

#include <algorithm>
#include <limits>
#include <span>

#include "kvstore/pipeline.hpp"
#include "kvstore/pool.hpp"
#include "kvstore/store.hpp"
#include "queue.hpp"
#include "session.hpp"

namespace kvstore {

namespace {

std::span<const std::byte> bytes_of(const value_view &value) {
    return std::as_bytes(std::span(value.data()));
}

std::optional<std::string_view> word_of(std::optional<expire_if> condition) {
    if (!condition)
        return std::nullopt;
    switch (*condition) {
        case expire_if::nx:
            return "nx";
        case expire_if::xx:
            return "xx";
        case expire_if::gt:
            return "gt";
        case expire_if::lt:
            break;
    }
    return "lt";
}

}  // namespace

template <class R>
R pool::call(const detail::request &what) {
    borrowed_client mine = borrow();
    return mine->on().template call<R>(what);
}

template <class Mode>
template <class R, class... Arguments>
auto operations<Mode>::call(const char *function, const Arguments &...arguments) const
    -> answer<R> {
    detail::request made = detail::make_request("SELECT ", function, store_, arguments...);
    made.transaction = transaction_;
    return on_->template call<R>(std::move(made));
}

template <class Mode>
template <class R, class... Arguments>
auto operations<Mode>::call_for_rows(const char *function, const Arguments &...arguments) const
    -> answer<R> {
    detail::request made = detail::make_request("SELECT * FROM ", function, store_, arguments...);
    made.transaction = transaction_;
    return on_->template call<R>(std::move(made));
}

using std::int64_t;
using std::optional;
using std::string;
using std::string_view;
using std::vector;

// --- Storing -----------------------------------------------------------------------------------

template <class Mode>
auto operations<Mode>::set(string_view key, value_view value) -> answer<void> {
    return call<void>("kv_set", key, value);
}

template <class Mode>
auto operations<Mode>::set_ex(string_view key, value_view value, time_to_live time)
    -> answer<void> {
    return call<void>("kv_set_ex", key, value, time);
}

template <class Mode>
auto operations<Mode>::set_keepttl(string_view key, value_view value) -> answer<void> {
    return call<void>("kv_set_keepttl", key, value);
}

template <class Mode>
auto operations<Mode>::set_nx(string_view key, value_view value, optional<time_to_live> time)
    -> answer<bool> {
    return call<bool>("kv_set_nx", key, value, time);
}

template <class Mode>
auto operations<Mode>::set_xx(string_view key, value_view value, optional<time_to_live> time)
    -> answer<bool> {
    return call<bool>("kv_set_xx", key, value, time);
}

template <class Mode>
auto operations<Mode>::append(string_view key, value_view value) -> answer<int64_t> {
    return call<int64_t>("kv_append", key, value);
}

template <class Mode>
auto operations<Mode>::get_set(string_view key, string_view value) -> answer<optional<string>> {
    return call<optional<string>>("kv_get_set", key, value);
}

template <class Mode>
auto operations<Mode>::get_set_bytes(string_view key, value_view value)
    -> answer<optional<byte_vector>> {
    return call<optional<byte_vector>>("kv_get_set", key, bytes_of(value));
}

template <class Mode>
auto operations<Mode>::cas(string_view key, optional<value_view> expected, value_view value,
                           optional<time_to_live> time) -> answer<bool> {
    if (value.is_bytes() || (expected && expected->is_bytes())) {
        const auto old = expected ? optional(bytes_of(*expected)) : std::nullopt;
        return call<bool>("kv_cas", key, old, bytes_of(value), time);
    }
    const auto old = expected ? optional(expected->data()) : std::nullopt;
    return call<bool>("kv_cas", key, old, value.data(), time);
}

template <class Mode>
auto operations<Mode>::incr(string_view key, int64_t by, optional<time_to_live> time)
    -> answer<int64_t> {
    return call<int64_t>("kv_incr", key, by, time);
}

template <class Mode>
auto operations<Mode>::incr_float(string_view key, double by, optional<time_to_live> time)
    -> answer<double> {
    return call<double>("kv_incr_float", key, by, time);
}

template <class Mode>
auto operations<Mode>::rate_limit(string_view key, int64_t max, time_to_live period, int64_t cost)
    -> answer<rate_limit_result> {
    return call_for_rows<rate_limit_result>("kv_rate_limit", key, max, period, cost);
}

template <class Mode>
auto operations<Mode>::mset(const entry_list &entries, optional<time_to_live> time)
    -> answer<int64_t> {
    if (entries.has_bytes())
        return call<int64_t>("kv_mset_bytes", entries.keys(), detail::all_bytes{entries.values()},
                             time);
    return call<int64_t>("kv_mset", entries.keys(), entries.values(), time);
}

template <class Mode>
auto operations<Mode>::mset_nx(const entry_list &entries, optional<time_to_live> time)
    -> answer<bool> {
    if (entries.has_bytes())
        return call<bool>("kv_mset_nx_bytes", entries.keys(), detail::all_bytes{entries.values()},
                          time);
    return call<bool>("kv_mset_nx", entries.keys(), entries.values(), time);
}

// --- Renaming and copying ----------------------------------------------------------------------

template <class Mode>
auto operations<Mode>::rename(string_view key, string_view new_key, string_view to_store)
    -> answer<bool> {
    return call<bool>("kv_rename", key, new_key, detail::another_store{to_store});
}

template <class Mode>
auto operations<Mode>::rename_nx(string_view key, string_view new_key, string_view to_store)
    -> answer<bool> {
    return call<bool>("kv_rename_nx", key, new_key, detail::another_store{to_store});
}

template <class Mode>
auto operations<Mode>::copy(string_view key, string_view new_key, const copy_options &options)
    -> answer<bool> {
    return call<bool>("kv_copy", key, new_key, options.replace,
                      detail::another_store{options.to_store});
}

// --- Reading -----------------------------------------------------------------------------------

template <class Mode>
auto operations<Mode>::get(string_view key) const -> answer<optional<string>> {
    return call<optional<string>>("kv_get", key);
}

template <class Mode>
auto operations<Mode>::get_bytes(string_view key) const -> answer<optional<byte_vector>> {
    return call<optional<byte_vector>>("kv_get_bytes", key);
}

template <class Mode>
auto operations<Mode>::mget(const key_list &keys) const -> answer<vector<optional<string>>> {
    return call_for_rows<vector<optional<string>>>("kv_mget", keys.keys());
}

template <class Mode>
auto operations<Mode>::mget_bytes(const key_list &keys) const
    -> answer<vector<optional<byte_vector>>> {
    return call_for_rows<vector<optional<byte_vector>>>("kv_mget_bytes", keys.keys());
}

template <class Mode>
auto operations<Mode>::exists(string_view key) const -> answer<bool> {
    return call<bool>("kv_exists", key);
}

template <class Mode>
auto operations<Mode>::ttl(string_view key) const -> answer<optional<std::chrono::microseconds>> {
    return call<optional<std::chrono::microseconds>>("kv_ttl", key);
}

template <class Mode>
auto operations<Mode>::expires(string_view key) const -> answer<optional<time_point>> {
    return call<optional<time_point>>("kv_expires", key);
}

template <class Mode>
auto operations<Mode>::scan(const scan_options &options) const -> answer<vector<entry>> {
    return call_for_rows<vector<entry>>("kv_scan", options.prefix, options.after, options.max);
}

template <class Mode>
auto operations<Mode>::scan_bytes(const scan_options &options) const
    -> answer<vector<entry_bytes>> {
    return call_for_rows<vector<entry_bytes>>("kv_scan_bytes", options.prefix, options.after,
                                              options.max);
}

template <class Mode>
auto operations<Mode>::count(string_view prefix) const -> answer<int64_t> {
    return call<int64_t>("kv_count", prefix);
}

// --- Changing the expiry -----------------------------------------------------------------------

template <class Mode>
auto operations<Mode>::get_ex(string_view key, time_to_live time, optional<time_to_live> slack)
    -> answer<optional<string>> {
    return call<optional<string>>("kv_get_ex", key, time, slack);
}

template <class Mode>
auto operations<Mode>::get_ex_bytes(string_view key, time_to_live time,
                                    optional<time_to_live> slack) -> answer<optional<byte_vector>> {
    return call<optional<byte_vector>>("kv_get_ex_bytes", key, time, slack);
}

template <class Mode>
auto operations<Mode>::expire(string_view key, time_to_live time, optional<expire_if> condition)
    -> answer<bool> {
    return call<bool>("kv_expire", key, time, word_of(condition));
}

template <class Mode>
auto operations<Mode>::expire_at(string_view key, time_point expires, optional<expire_if> condition)
    -> answer<bool> {
    return call<bool>("kv_expire_at", key, expires, word_of(condition));
}

template <class Mode>
auto operations<Mode>::persist(string_view key) -> answer<bool> {
    return call<bool>("kv_persist", key);
}

// --- Removing ----------------------------------------------------------------------------------

template <class Mode>
auto operations<Mode>::get_del(string_view key) -> answer<optional<string>> {
    return call<optional<string>>("kv_get_del", key);
}

template <class Mode>
auto operations<Mode>::get_del_bytes(string_view key) -> answer<optional<byte_vector>> {
    return call<optional<byte_vector>>("kv_get_del_bytes", key);
}

template <class Mode>
auto operations<Mode>::del(string_view key) -> answer<bool> {
    return call<bool>("kv_del", key);
}

template <class Mode>
auto operations<Mode>::del_if(string_view key, value_view expected) -> answer<bool> {
    return call<bool>("kv_del_if", key, expected);
}

template <class Mode>
auto operations<Mode>::mdel(const key_list &keys) -> answer<int64_t> {
    return call<int64_t>("kv_mdel", keys.keys());
}

template <class Mode>
auto operations<Mode>::del_prefix(string_view prefix) -> answer<int64_t> {
    return call<int64_t>("kv_del_prefix", prefix);
}

template <class Mode>
auto operations<Mode>::flush() -> answer<void> {
    return call<void>("kv_flush");
}

// --- Care --------------------------------------------------------------------------------------

template <class Mode>
auto operations<Mode>::sweep(optional<int64_t> max_rows) -> answer<int64_t> {
    using most = std::numeric_limits<std::int32_t>;
    optional<std::int32_t> rows;
    if (max_rows)
        rows = static_cast<std::int32_t>(std::clamp<int64_t>(*max_rows, most::min(), most::max()));
    return call<int64_t>("kv_sweep", rows);
}

template <class Mode>
auto operations<Mode>::limit(string_view max_size, eviction order) -> answer<void> {
    const string_view evict = order == eviction::oldest ? "oldest" : "soonest";
    return call<void>("kv_limit", max_size, evict);
}

template <class Mode>
auto operations<Mode>::lift_limit() -> answer<void> {
    return call<void>("kv_limit", optional<string_view>());
}

template <class Mode>
auto operations<Mode>::schedule_sweep(string_view schedule) -> answer<int64_t> {
    return call<int64_t>("kv_schedule_sweep", schedule);
}

template <class Mode>
auto operations<Mode>::unschedule_sweep() -> answer<bool> {
    return call<bool>("kv_unschedule_sweep");
}

template <class Mode>
auto operations<Mode>::detour() const -> answer<optional<string>> {
    return call<optional<string>>("kv_detour");
}

template class operations<immediately>;
template class operations<pooled>;
template class operations<queued>;

}  // namespace kvstore
