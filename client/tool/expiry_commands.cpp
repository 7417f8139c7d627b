#include "expiry_commands.hpp"

#include "errors.hpp"
#include "numbers.hpp"
#include "times.hpp"
#include "words.hpp"

namespace kv {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Shows when it expires, which may be never. No entry is no output.
template <class Show>
status show_expiry(context &in, const arguments &given, Show show) {
    const std::optional<kvstore::time_point> when = in.selected().expires(given.key);
    if (!when)
        return in.out.text(std::nullopt);
    show(*when);
    return found;
}

template <class Unit>
status show_unix_time(context &in, const arguments &given) {
    return show_expiry(in, given, [&](kvstore::time_point when) {
        in.out.number(when == kvstore::never
                          ? -1
                          : std::chrono::floor<Unit>(when).time_since_epoch().count());
    });
}

// The time left; no number if it does not expire. No entry is no output.
template <class Show>
status show_time_left(context &in, const arguments &given, Show show) {
    kvstore::store store = in.selected();
    const std::optional<microseconds> left = store.ttl(given.key);
    if (!left && !store.exists(given.key))
        return in.out.text(std::nullopt);
    return show(left);
}

template <class Unit>
kvstore::time_point since_1970(std::int64_t number) {
    constexpr std::int64_t most = std::chrono::duration_cast<Unit>(microseconds::max()).count();
    if (number > most || number < -most)
        throw input_error("no such time: " + std::to_string(number));
    return kvstore::time_point(Unit(number));
}

}  // namespace

// --- What there is -----------------------------------------------------------------------------

status ttl_left(context &in, const arguments &given) {
    return show_time_left(in, given, [&](const std::optional<microseconds> &left) {
        if (!left)
            return in.out.seconds(std::nullopt);
        return in.out.seconds(std::chrono::duration<double>(*left).count());
    });
}

status pttl(context &in, const arguments &given) {
    return show_time_left(in, given, [&](const std::optional<microseconds> &left) {
        if (!left)
            return in.out.seconds(std::nullopt);
        return in.out.number(std::chrono::floor<milliseconds>(*left).count());
    });
}

status expires(context &in, const arguments &given) {
    return show_expiry(in, given, [&](kvstore::time_point when) {
        in.out.text(when == kvstore::never ? "infinity" : format_time(server_time_of(when)));
    });
}

status expiretime(context &in, const arguments &given) {
    return show_unix_time<seconds>(in, given);
}

status pexpiretime(context &in, const arguments &given) {
    return show_unix_time<milliseconds>(in, given);
}

// --- Setting it --------------------------------------------------------------------------------

namespace {

std::optional<kvstore::expire_if> condition_of(const arguments &given) {
    if (!given.condition)
        return std::nullopt;
    const std::string word = upper_case(*given.condition);
    if (word == "NX")
        return kvstore::expire_if::nx;
    if (word == "XX")
        return kvstore::expire_if::xx;
    if (word == "GT")
        return kvstore::expire_if::gt;
    if (word == "LT")
        return kvstore::expire_if::lt;
    throw input_error("the condition is NX, XX, GT or LT; not '" + *given.condition + "'");
}

}  // namespace

status expire(context &in, const arguments &given) {
    return in.out.flag(in.selected().expire(given.key, parse_ttl(*given.ttl), condition_of(given)));
}

status pexpire(context &in, const arguments &given) {
    return in.out.flag(
        in.selected().expire(given.key, parse_milliseconds(*given.ttl), condition_of(given)));
}

// The server reads the time, in all the ways it knows. It knows no number of more than 8 digits,
// which is a date.
status expireat(context &in, const arguments &given) {
    const std::optional<std::int64_t> number = integer_of(given.time);
    if (number && given.time.size() > 8)
        return in.out.flag(
            in.selected().expire_at(given.key, since_1970<seconds>(*number), condition_of(given)));
    const std::string store = in.regclass();
    std::vector<sql_parameter> parameters{{given.key}, {given.time}, {store}};
    if (condition_of(given))
        parameters.push_back({*given.condition});
    const result answer = in.on.query(
        "SELECT " + in.on.in_extension("kv_expire_at") +
            "($1::pg_catalog.text, $2::pg_catalog.timestamptz, store => $3::pg_catalog.regclass" +
            (parameters.size() > 3 ? ", condition => $4::pg_catalog.text)" : ")"),
        parameters);
    return in.out.flag(PQgetvalue(answer.get(), 0, 0)[0] == 't');
}

status pexpireat(context &in, const arguments &given) {
    const std::optional<std::int64_t> number = integer_of(given.time);
    if (!number)
        throw input_error("pexpireat: not a number of milliseconds: '" + given.time + "'");
    return in.out.flag(
        in.selected().expire_at(given.key, since_1970<milliseconds>(*number), condition_of(given)));
}

status persist(context &in, const arguments &given) {
    return in.out.flag(in.selected().persist(given.key));
}

}  // namespace kv
