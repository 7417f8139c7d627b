// Commands on the value of one key.

#include "redis/entry_access.hpp"
#include "redis/handlers.hpp"
#include "redis/options.hpp"
#include "server/clock.hpp"

namespace kvstore::redis {

void answer_hindrance(execution &x, hindrance met) {
    switch (met) {
        case hindrance::not_an_integer:
            return x.out.error(not_an_integer);
        case hindrance::out_of_range:
            return x.out.error("ERR increment or decrement would overflow");
        case hindrance::not_a_number:
            return x.out.error(not_a_float);
        case hindrance::not_finite:
            return x.out.error("ERR increment would produce NaN or Infinity");
        case hindrance::too_long:
            return x.out.error(too_long_a_string);
        case hindrance::not_text:
            return x.out.error("ERR the value would be no text any more, and the store keeps text");
        case hindrance::none:
        case hindrance::unmet:
        case hindrance::would_wait:
            break;
    }
}

namespace handlers {

namespace {

// Stores given[value_at] under given[1].
template <class Use>
void store_argument(execution &x, const operation &op, arguments given, std::size_t value_at,
                    request asked, Use use) {
    std::optional<place> to = place_of(x, op.what, given[1]);
    if (!to)
        return;
    std::optional<Datum> value = x.value(*to->in, given[value_at]);
    if (!value)
        return;
    asked.value = *value;
    change(x, op, *to, asked, use);
}

// The simplest operation that does it: the simple ones are one statement in SQL.
const operation &operation_for(const set_options &options) {
    if (options.answers_old)
        return operations::get_set_on_terms;
    if (options.keeps_expiry && options.when == condition::none)
        return operations::set_keepttl;
    if (!options.keeps_expiry) {
        if (options.when == condition::none)
            return operations::set;
        if (options.when == condition::absent)
            return operations::set_nx;
        if (options.when == condition::present)
            return operations::set_xx;
    }
    return operations::set_on_terms;
}

void set_for(execution &x, arguments given, time_form form) {
    std::optional<lifetime> lives =
        lifetime_of(x, given_time{form, given[2]}, form.in_seconds ? "setex" : "psetex");
    if (lives)
        store_argument(x, operations::set, given, 3, {.key = 0, .lives = *lives},
                       [&](const outcome &) { x.out.ok(); });
}

// An error, written since then, is the answer only if there is an entry: Redis looks for it first.
void answer_if_live(execution &x, std::string_view key, std::size_t written) {
    std::string_view error = bytes_of(varlena_of(x.out.buffer().since(written)));
    x.out.buffer().truncate(written);
    with_entry(x, key, wanting::expiry, [&](const std::optional<entry> &found) {
        if (found)
            x.out.raw(error);
        else
            x.out.null();
    });
}

}  // namespace

void get(execution &x, arguments given) {
    with_entry(x, given[1], wanting::value, [&](const std::optional<entry> &found) {
        answer_value(x, found ? found->value : 0);
    });
}

void set(execution &x, arguments given) {
    std::optional<set_options> options = parse_set_options(x, given.subspan(3), options_of::set);
    std::optional<lifetime> lives = options ? lifetime_of(x, options->time, "set") : std::nullopt;
    if (!lives)
        return;
    terms on{.when = options->when, .keeps_expiry = options->keeps_expiry};
    request asked{.key = 0, .lives = *lives, .on = &on};
    if (on.when == condition::equal || on.when == condition::different)
        asked.expected = varlena_of(options->expected);
    const operation &op = operation_for(*options);
    bool on_terms = &op == &operations::set_on_terms || on.when == condition::none;
    store_argument(x, op, given, 2, asked, [&](const outcome &done) {
        if (options->answers_old)
            answer_value(x, done.answer);
        else if (on_terms ? done.met == hindrance::none : done.applied)
            x.out.ok();
        else
            x.out.null();
    });
}

void setex(execution &x, arguments given) {
    set_for(x, given, {.in_seconds = true, .absolute = false});
}

void psetex(execution &x, arguments given) {
    set_for(x, given, {.in_seconds = false, .absolute = false});
}

void setnx(execution &x, arguments given) {
    store_argument(x, operations::set_nx, given, 2, {.key = 0},
                   [&](const outcome &done) { x.out.integer(done.applied ? 1 : 0); });
}

void getset(execution &x, arguments given) {
    store_argument(x, operations::get_set, given, 2, {.key = 0},
                   [&](const outcome &done) { answer_value(x, done.answer); });
}

void getdel(execution &x, arguments given) {
    std::optional<place> from = place_of(x, operations::get_del.what, given[1]);
    if (from)
        change(x, operations::get_del, *from, {.key = 0},
               [&](const outcome &done) { answer_value(x, done.answer); });
}

void getex(execution &x, arguments given) {
    std::optional<set_options> options = parse_set_options(x, given.subspan(2), options_of::getex);
    if (!options)
        return;
    if (!options->time && !options->persists)
        return get(x, given);
    std::size_t written = x.out.buffer().size();
    std::optional<lifetime> lives = lifetime_of(x, options->time, "getex");
    if (!lives)
        return answer_if_live(x, given[1], written);
    bool has_come = !is_live(lives->end(current_time()), current_time());
    const operation &op = has_come            ? operations::get_del
                          : options->persists ? operations::get_persist
                                              : operations::get_ex;
    std::optional<place> from = place_of(x, op.what, given[1]);
    if (from)
        change(x, op, *from, {.key = 0, .lives = *lives},
               [&](const outcome &done) { answer_value(x, done.answer); });
}

void delex(execution &x, arguments given) {
    if (given.size() != 2 && given.size() != 4)
        return x.out.error("ERR wrong number of arguments for 'delex' command");
    const operation *op = given.size() == 2           ? &operations::del
                          : is_word(given[2], "ifeq") ? &operations::del_if
                          : is_word(given[2], "ifne") ? &operations::del_unless
                                                      : nullptr;
    if (op == nullptr)
        return x.out.error(syntax_error);
    std::optional<place> from = place_of(x, op->what, given[1]);
    if (!from)
        return;
    request asked{.key = 0};
    if (given.size() == 4)
        asked.expected = varlena_of(given[3]);
    change(x, *op, *from, asked, [&](const outcome &done) { x.out.integer(done.applied ? 1 : 0); });
}

}  // namespace handlers

}  // namespace kvstore::redis
