#include "key_commands.hpp"

#include <fnmatch.h>

#include <limits>

#include "errors.hpp"
#include "store_table.hpp"
#include "times.hpp"

namespace kv {

// --- Which there are ---------------------------------------------------------------------------

// Of several keys, how many are there.
status exists(context &in, const arguments &given) {
    if (given.keys.size() == 1)
        return in.out.flag(in.selected().exists(given.keys.front()));
    kvstore::pipeline pipeline = in.selected().pipeline();
    std::vector<kvstore::reply<bool>> replies;
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

// Redis's patterns are those of the shell. What precedes the first special character is a prefix.
status keys(context &in, const arguments &given) {
    const std::string &pattern = given.pattern;
    const std::string prefix = pattern.substr(0, pattern.find_first_of("*?[\\"));
    read_entries(in.on, find_store(in.on, in.store), {.prefix = prefix, .with_values = false},
                 [&](const entry &each) {
                     if (fnmatch(pattern.c_str(), each.key.c_str(), 0) == 0)
                         in.out.entry(each, false);
                 });
    return found;
}

status count(context &in, const arguments &given) {
    return in.out.number(in.selected().count(given.prefix));
}

// --- Counters ----------------------------------------------------------------------------------

namespace {

std::optional<kvstore::ttl> ttl_of(const arguments &given) {
    if (given.ttl.empty())
        return std::nullopt;
    return parse_ttl(given.ttl);
}

}  // namespace

status incr(context &in, const arguments &given) {
    return in.out.number(in.selected().incr(given.key, given.by.value_or(1), ttl_of(given)));
}

status decr(context &in, const arguments &given) {
    const std::int64_t by = given.by.value_or(1);
    if (by == std::numeric_limits<std::int64_t>::min())
        throw input_error("decr: the number is too small");
    return in.out.number(in.selected().incr(given.key, -by, ttl_of(given)));
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
