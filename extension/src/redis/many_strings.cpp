// Commands on the values of many keys. What they change they change in the order of keys, so that
// two of them never wait for each other in a circle.

#include "operations/batch.hpp"
#include "redis/entry_access.hpp"
#include "redis/handlers.hpp"
#include "redis/options.hpp"

namespace kvstore::redis::handlers {

namespace {

void answer_wrong_arity(execution &x, const char *command) {
    x.out.error(psprintf("ERR wrong number of arguments for '%s' command", command));
}

// From keys and values in turn, with the store that they are for; nothing, and an error for an
// answer, if one of them is none.
std::optional<std::span<pair>> pairs_of(execution &x, const store &to, arguments given) {
    auto *pairs = static_cast<pair *>(palloc(sizeof(pair) * (given.size() / 2 + 1)));
    for (std::size_t i = 0; i < given.size() / 2; i++) {
        std::optional<Datum> key = x.key(given[2 * i]);
        std::optional<Datum> value = key ? x.value(to, given[2 * i + 1]) : std::nullopt;
        if (!value)
            return std::nullopt;
        pairs[i] = {*key, *value, static_cast<int>(i)};
    }
    return sorted_and_distinct({pairs, given.size() / 2});
}

// Stores them all by an operation that each has to apply, or none; whether it did.
bool store_all_or_none(execution &x, const operation &op, const store &to, std::span<pair> pairs,
                       request asked) {
    return x.as_a_whole([&] {
        for (const pair &each : pairs) {
            CHECK_FOR_INTERRUPTS();
            asked.key = each.key;
            asked.value = each.value;
            outcome done = x.perform(op, to, asked);
            if (x.would_wait() || done.met != hindrance::none || !done.applied)
                return false;
        }
        return true;
    });
}

// Whether the command has been answered, though it was not done.
bool is_over(execution &x, std::size_t before) {
    return x.would_wait() || x.out.buffer().size() != before;
}

void store_pairs(execution &x, const operation &op, arguments given, const request &asked,
                 bool answers_ok) {
    const store *to = x.open(op.what);
    if (to == nullptr)
        return;
    std::optional<std::span<pair>> pairs = pairs_of(x, *to, given);
    if (!pairs)
        return;
    std::size_t before = x.out.buffer().size();
    bool done = store_all_or_none(x, op, *to, *pairs, asked);
    if (is_over(x, before))
        return;
    if (answers_ok)
        x.out.ok();
    else
        x.out.integer(done ? 1 : 0);
}

}  // namespace

void mget(execution &x, arguments given) {
    std::optional<std::span<Datum>> keys = x.keys(given.subspan(1));
    const store *from = keys ? x.open(reading) : nullptr;
    if (from == nullptr)
        return;
    x.as_one_step(*from, [&] {
        x.take_snapshot();
        kvstore::batch_reader reader(*from, *keys);
        x.out.array(keys->size());
        for (std::size_t i = 0; i < keys->size(); i++) {
            CHECK_FOR_INTERRUPTS();
            std::optional<entry> found = reader.read(i);
            answer_value(x, found ? found->value : 0);
            if (found)
                pfree(DatumGetPointer(found->value));
        }
    });
}

void mset(execution &x, arguments given) {
    if (given.size() % 2 == 0)
        return answer_wrong_arity(x, "mset");
    store_pairs(x, operations::set, given.subspan(1), {.key = 0}, true);
}

void msetnx(execution &x, arguments given) {
    if (given.size() % 2 == 0)
        return answer_wrong_arity(x, "msetnx");
    store_pairs(x, operations::set_nx, given.subspan(1), {.key = 0}, false);
}

void msetex(execution &x, arguments given) {
    std::optional<std::int64_t> count = parse_strict_integer(given[1]);
    if (!count || *count <= 0 || *count > PG_INT32_MAX)
        return x.out.error("ERR invalid numkeys value");
    std::size_t pairs = static_cast<std::size_t>(*count) * 2;
    if (pairs > given.size() - 2)
        return x.out.error("ERR wrong number of key-value pairs");
    std::optional<set_options> options =
        parse_set_options(x, given.subspan(2 + pairs), options_of::msetex);
    std::optional<lifetime> lives =
        options ? lifetime_of(x, options->time, "msetex") : std::nullopt;
    if (!lives)
        return;
    terms on{.when = options->when, .keeps_expiry = options->keeps_expiry};
    store_pairs(x, operations::set_on_terms, given.subspan(2, pairs),
                {.key = 0, .lives = *lives, .on = &on}, false);
}

}  // namespace kvstore::redis::handlers
