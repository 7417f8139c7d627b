#include "key_commands.hpp"

#include <limits>

#include "errors.hpp"
#include "rules/glob.hpp"
#include "store_table.hpp"
#include "times.hpp"

namespace kv {

// --- Which there are ---------------------------------------------------------------------------

// Of several keys, how many are there.
status exists(context &in, const arguments &given) {
    if (given.keys.size() == 1)
        return in.out.flag(in.selected().exists(given.keys.front()));
    kvstore::pipeline pipeline(in.selected());
    std::vector<kvstore::reply<bool>> replies;
    replies.reserve(given.keys.size());
    for (const std::string &key : given.keys)
        replies.push_back(pipeline.exists(key));
    pipeline.run();
    std::int64_t present = 0;
    for (auto &each : replies)
        present += each.get() ? 1 : 0;
    return in.out.number_found(present);
}

status scan(context &in, const arguments &given) {
    read_entries(in.on, find_store(in.on, in.store),
                 {given.prefix, given.after, given.max, given.with_values},
                 [&](const entry &each) { in.out.entry(each, given.with_values); });
    return found;
}

// What precedes the first special character is a prefix.
status keys(context &in, const arguments &given) {
    const std::string &pattern = given.pattern;
    const std::string prefix = pattern.substr(0, pattern.find_first_of("*?[\\"));
    read_entries(in.on, find_store(in.on, in.store), {.prefix = prefix, .with_values = false},
                 [&](const entry &each) {
                     if (kvstore::glob_matches(pattern, each.key))
                         in.out.entry(each, false);
                 });
    return found;
}

status count(context &in, const arguments &given) {
    return in.out.number(in.selected().count(given.prefix));
}

// --- Counters ----------------------------------------------------------------------------------

status incr(context &in, const arguments &given) {
    return in.out.number(
        in.selected().incr(given.key, given.by.value_or(1), parse_optional_ttl(given.ttl)));
}

status decr(context &in, const arguments &given) {
    const std::int64_t by = given.by.value_or(1);
    if (by == std::numeric_limits<std::int64_t>::min())
        throw input_error("decr: the number is too small");
    return in.out.number(in.selected().incr(given.key, -by, parse_optional_ttl(given.ttl)));
}

// The server reads the number, and writes the sum.
status incrfloat(context &in, const arguments &given) {
    const std::optional<kvstore::time_to_live> time = parse_optional_ttl(given.ttl);
    const std::string ttl = time ? std::to_string(time->count().count()) + " us" : "";
    const std::string store = in.regclass();
    std::vector<sql_parameter> parameters{{given.key}, {given.number}, {store}};
    if (time)
        parameters.push_back({ttl});
    const result answer = in.on.query("SELECT " + in.on.in_extension("kv_incr_float") +
                                          "($1::pg_catalog.text, $2::pg_catalog.text" +
                                          (time ? ", ttl => $4::pg_catalog.interval" : "") +
                                          ", store => $3::pg_catalog.regclass)",
                                      parameters);
    in.out.line(PQgetvalue(answer.get(), 0, 0));
    return found;
}

// Refused calls are not counted, and their status is that of a condition that did not hold.
status ratelimit(context &in, const arguments &given) {
    const std::string max = std::to_string(*given.max);
    const std::string period = std::to_string(parse_ttl(given.period).count());
    const std::string cost = std::to_string(given.cost.value_or(1));
    const std::string store = in.regclass();
    const result answer =
        in.on.query("SELECT allowed, count, remaining, " + formatted_in_sql("resets") + " FROM " +
                        in.on.in_extension("kv_rate_limit") +
                        "($1::pg_catalog.text, $2::pg_catalog.int8, $3::pg_catalog.float8,"
                        " $4::pg_catalog.int8, store => $5::pg_catalog.regclass)",
                    {{given.key}, {max}, {period}, {cost}, {store}});
    const auto field = [&](int column) { return std::string(PQgetvalue(answer.get(), 0, column)); };
    const bool allowed = field(0) == "t";
    const bool has_begun = PQgetisnull(answer.get(), 0, 3) == 0;  // the period
    if (in.out.json())
        in.out.line(R"({"allowed":)" + std::string(allowed ? "true" : "false") + R"(,"count":)" +
                    field(1) + R"(,"remaining":)" + field(2) + R"(,"resets":)" +
                    (has_begun ? '"' + field(3) + '"' : "null") + "}");
    else
        in.out.line((allowed ? "1\t" : "0\t") + field(1) + "\t" + field(2) + "\t" + field(3));
    return allowed ? found : absent;
}

// --- Renaming and copying ----------------------------------------------------------------------

status rename(context &in, const arguments &given) {
    return in.out.flag(in.selected().rename(given.key, given.new_key, given.to_store.value_or("")));
}

status renamenx(context &in, const arguments &given) {
    return in.out.flag(
        in.selected().rename_nx(given.key, given.new_key, given.to_store.value_or("")));
}

status copy(context &in, const arguments &given) {
    return in.out.flag(
        in.selected().copy(given.key, given.new_key,
                           {.replace = given.replace, .to_store = given.to_store.value_or("")}));
}

// --- Removing ----------------------------------------------------------------------------------

status del(context &in, const arguments &given) {
    return in.out.number_found(in.selected().mdel(given.keys));
}

status delprefix(context &in, const arguments &given) {
    return in.out.number_found(in.selected().del_prefix(given.prefix));
}

status flush(context &in, const arguments &) {
    in.selected().flush();
    return in.out.done();
}

}  // namespace kv
