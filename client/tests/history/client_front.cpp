#include "client_front.hpp"

#include "connection.hpp"

namespace history {

namespace {

using std::chrono::microseconds;

std::optional<kvstore::time_to_live> ttl_of(const operation &what) {
    return what.ttl > 0 ? std::optional<kvstore::time_to_live>(microseconds(what.ttl))
                        : std::nullopt;
}

kvstore::time_point time_point_of(micros time) {
    return time == never ? kvstore::never : kvstore::time_point(microseconds(time));
}

std::optional<micros> time_of(std::optional<kvstore::time_point> told) {
    if (!told)
        return std::nullopt;
    return *told == kvstore::never ? never : told->time_since_epoch().count();
}

std::optional<micros> time_of(std::optional<microseconds> told) {
    return told ? std::optional(told->count()) : std::nullopt;
}

answer answer_of(const kvstore::rate_limit_result &told) {
    return {.yes = told.allowed, .number = told.count, .time = time_of(told.resets)};
}

answer store_many(kvstore::store &in, const operation &what) {
    std::vector<std::pair<std::string, std::string>> entries;
    for (std::size_t i = 0; i < what.keys.size(); i++)
        entries.emplace_back(key_name(what.keys[i]), what.values[i]);
    in.mset(entries, ttl_of(what));
    return {};
}

}  // namespace

client_front::client_front(const std::string &conninfo, const std::string &application_name,
                           std::string store)
    : conninfo_(conninfo + " application_name='" + application_name + "'"),
      store_name_(std::move(store)) {}

void client_front::connect() {
    if (client_)
        return client_->check();
    client_.emplace(conninfo_);
    store_.emplace(client_->open_store(store_name_));
}

// What each error promises of what was done is what error.hpp says.
answer client_front::perform(const operation &what) {
    try {
        return carry_out(what);
    } catch (const kvstore::in_doubt_error &problem) {
        return {.how = is_of_pooler(problem.what()) ? outcome::nothing : outcome::in_doubt};
    } catch (const kvstore::connection_error &) {
        return {.how = outcome::nothing};
    } catch (const kvstore::timeout_error &) {
        return {.how = outcome::nothing};
    } catch (const kvstore::sql_error &problem) {
        return {.how = outcome::refused, .sqlstate = problem.sqlstate()};
    }
}

answer client_front::carry_out(const operation &what) {
    kvstore::store &in = *store_;
    const std::string key = key_name(what.keys[0]);
    const std::string value = what.values.empty() ? "" : what.values[0];
    const std::optional<kvstore::time_to_live> ttl = ttl_of(what);
    switch (what.what) {
        case verb::get:
            return {.values = {in.get(key)}};
        case verb::exists:
            return {.yes = in.exists(key)};
        case verb::ttl:
            return {.time = time_of(in.ttl(key))};
        case verb::expires:
            return {.time = time_of(in.expires(key))};
        case verb::set:
            ttl ? in.set_ex(key, value, *ttl) : in.set(key, value);
            return {};
        case verb::set_nx:
            return {.yes = in.set_nx(key, value, ttl)};
        case verb::set_xx:
            return {.yes = in.set_xx(key, value, ttl)};
        case verb::get_set:
            return {.values = {in.get_set(key, value)}};
        case verb::append:
            return {.number = in.append(key, value)};
        case verb::cas:
            return {.yes = in.cas(key, what.expected, value, ttl)};
        case verb::incr:
            return {.number = in.incr(key, what.number, ttl)};
        case verb::rate_limit:
            return answer_of(in.rate_limit(key, what.most, *ttl, what.number));
        case verb::get_ex:
            return {.values = {in.get_ex(key, *ttl,
                                         what.slack > 0 ? std::optional<kvstore::time_to_live>(
                                                              microseconds(what.slack))
                                                        : std::nullopt)}};
        case verb::expire:
            return {.yes = in.expire(key, *ttl)};
        case verb::expire_at:
            return {.yes = in.expire_at(key, time_point_of(what.at))};
        case verb::persist:
            return {.yes = in.persist(key)};
        case verb::get_del:
            return {.values = {in.get_del(key)}};
        case verb::del:
            return {.yes = in.del(key)};
        case verb::del_if:
            return {.yes = in.del_if(key, *what.expected)};
        case verb::mget:
            return {.values = in.mget(key_names(what))};
        case verb::mset:
            return store_many(in, what);
        case verb::mdel:
            in.mdel(key_names(what));
            return {};
        case verb::set_keepttl:
        case verb::crash:
            break;
    }
    throw std::logic_error("no operation of a client");
}

}  // namespace history
