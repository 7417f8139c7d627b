#include "operations/conditional.hpp"

#include "operations/operation_parts.hpp"
#include "operations/operations.hpp"
#include "rules/real.hpp"

namespace kvstore {

namespace {

// --- Storing ---

bool is_met(const request &asked, const entry *live) {
    switch (asked.on->when) {
        case condition::none:
            return true;
        case condition::absent:
            return live == nullptr;
        case condition::present:
            return live != nullptr;
        case condition::equal:
            return is_expected(asked, live);
        case condition::different:
            return !is_expected(asked, live);
    }
    return false;
}

decision store_on_terms(const request &asked, const entry *live, timestamp now) {
    if (!is_met(asked, live))
        return decision::refuse(hindrance::unmet);
    bool keeps = asked.on->keeps_expiry && live != nullptr;
    timestamp expires = keeps ? live->expires : asked.lives.end(now);
    if (live == nullptr && !is_live(expires, now))
        return decision::leave();
    return decision::store({asked.value, expires});
}

decision swap_on_terms(const request &asked, const entry *live, timestamp now) {
    decision decided = store_on_terms(asked, live, now);
    decided.answer = live == nullptr ? 0 : live->value;
    return decided;
}

bool allows(const expiry_condition &on, timestamp present, timestamp wanted) {
    return (!on.none || present == never_expires) && (!on.some || present != never_expires) &&
           (!on.later || wanted > present) && (!on.earlier || wanted < present);
}

decision expire_if_allowed(const request &asked, const entry *live, timestamp now) {
    timestamp wanted = asked.lives.end(now);
    if (live == nullptr || !allows(asked.on->expiry, live->expires, wanted))
        return decision::refuse(hindrance::unmet);
    return decision::store({live->value, wanted});
}

template <expiry_condition condition>
decision expire_on_condition(const request &asked, const entry *live, timestamp now) {
    terms on{.expiry = condition};
    request with_terms = asked;
    with_terms.on = &on;
    return expire_if_allowed(with_terms, live, now);
}

decision read_and_lift_expiry(const request &, const entry *live, timestamp) {
    if (live == nullptr || live->expires == never_expires)
        return decision::leave(live == nullptr ? 0 : live->value);
    return decision::store({live->value, never_expires}, live->value);
}

// --- Removing ---

decision remove_unless_expected(const request &asked, const entry *live, timestamp) {
    return live == nullptr || is_expected(asked, live) ? decision::refuse(hindrance::unmet)
                                                       : decision::remove();
}

decision remove_if_same(const request &asked, const entry *live, timestamp now) {
    bool same = is_expected(asked, live) && live->expires == asked.lives.end(now);
    return same ? decision::remove() : decision::refuse(hindrance::unmet);
}

// --- Numbers ---

decision add_strictly(const request &asked, const entry *live, timestamp now) {
    std::optional<int64> before = 0;
    if (live != nullptr)
        before = toast_raw_datum_size(live->value) > longest_integer + VARHDRSZ
                     ? std::nullopt
                     : parse_strict_integer(detoasted_bytes_of(live->value));
    if (!before)
        return decision::refuse(hindrance::not_an_integer);
    std::optional<int64> sum = sum_of(*before, asked.by);
    if (!sum)
        return decision::refuse(hindrance::out_of_range);
    Datum value = digits_of(*sum);
    return decision::store({value, kept_or_asked(asked, live, now)}, value);
}

decision add_real(const request &asked, const entry *live, timestamp now) {
    std::optional<long double> before = 0;
    if (live != nullptr)
        before = parse_real(detoasted_bytes_of(live->value));
    if (!before)
        return decision::refuse(hindrance::not_a_number);
    long double sum = *before + asked.on->by;
    if (!(sum - sum == 0))  // infinite, or no number
        return decision::refuse(hindrance::not_finite);
    char digits[longest_real];
    std::string_view written = write_real(sum, digits);
    Datum value =
        PointerGetDatum(cstring_to_text_with_len(written.data(), static_cast<int>(written.size())));
    return decision::store({value, kept_or_asked(asked, live, now)}, value);
}

// --- Parts of values ---

std::size_t size_of(Datum value) {
    return toast_raw_datum_size(value) - VARHDRSZ;
}

Datum length_of(Datum value) {
    return digits_of(static_cast<int64>(size_of(value)));
}

decision append_if_it_fits(const request &asked, const entry *live, timestamp now) {
    if (live != nullptr && size_of(live->value) + size_of(asked.value) > asked.on->most)
        return decision::refuse(hindrance::too_long);
    Datum value = joined(live == nullptr ? 0 : live->value, asked.value);
    return decision::store({value, kept_or_asked(asked, live, now)}, length_of(value));
}

// `part` written over what there is, which may be 0.
Datum overwritten(Datum present, std::size_t offset, struct varlena *part) {
    struct varlena *before = present == 0 ? nullptr : PG_DETOAST_DATUM_PACKED(present);
    std::size_t present_size = before == nullptr ? 0 : VARSIZE_ANY_EXHDR(before);
    std::size_t end = offset + VARSIZE_ANY_EXHDR(part);
    std::size_t size = Max(present_size, end);
    auto *result = static_cast<struct varlena *>(palloc0(VARHDRSZ + size));
    SET_VARSIZE(result, VARHDRSZ + size);
    if (before != nullptr)
        memcpy(VARDATA(result), VARDATA_ANY(before), present_size);
    memcpy(VARDATA(result) + offset, VARDATA_ANY(part), VARSIZE_ANY_EXHDR(part));
    return PointerGetDatum(result);
}

decision write_over(const request &asked, const entry *live, timestamp now) {
    struct varlena *part = PG_DETOAST_DATUM_PACKED(asked.value);
    if (VARSIZE_ANY_EXHDR(part) == 0)
        return decision::leave(live == nullptr ? digits_of(0) : length_of(live->value));
    if (asked.on->offset + VARSIZE_ANY_EXHDR(part) > asked.on->most)
        return decision::refuse(hindrance::too_long);
    Datum value = overwritten(live == nullptr ? 0 : live->value, asked.on->offset, part);
    if (asked.on->is_text && !is_text(bytes_of(value)))
        return decision::refuse(hindrance::not_text);
    return decision::store({value, kept_or_asked(asked, live, now)}, length_of(value));
}

}  // namespace

namespace operations {

const operation set_on_terms = {
    .what = {"SET", to_store},
    .does = effect::upsert,
    .counts = a_set,
    .decide = store_on_terms,
};
const operation get_set_on_terms = {
    .what = {"SET", to_store},
    .does = effect::upsert,
    .counts = a_read_and_set,
    .decide = swap_on_terms,
};
const operation expire_on_terms = {
    .what = {"EXPIRE", to_change},
    .does = effect::update,
    .counts = nothing,
    .decide = expire_if_allowed,
};
const operation expire_nx = {
    .what = {"kv_expire()", to_change},
    .does = effect::update,
    .counts = nothing,
    .decide = expire_on_condition<expiry_condition{.none = true}>,
    CHANGE("expires = $3", OF_LIVE_ENTRY IF_IT_DOES_NOT_EXPIRE),
};
const operation expire_xx = {
    .what = {"kv_expire()", to_change},
    .does = effect::update,
    .counts = nothing,
    .decide = expire_on_condition<expiry_condition{.some = true}>,
    CHANGE("expires = $3", OF_LIVE_ENTRY IF_IT_EXPIRES),
};
const operation expire_gt = {
    .what = {"kv_expire()", to_change},
    .does = effect::update,
    .counts = nothing,
    .decide = expire_on_condition<expiry_condition{.later = true}>,
    CHANGE("expires = $3", OF_LIVE_ENTRY IF_IT_EXPIRES_SOONER),
};
const operation expire_lt = {
    .what = {"kv_expire()", to_change},
    .does = effect::update,
    .counts = nothing,
    .decide = expire_on_condition<expiry_condition{.earlier = true}>,
    CHANGE("expires = $3", OF_LIVE_ENTRY IF_IT_EXPIRES_LATER),
};

const operation get_persist = {
    .what = {"GETEX", to_change},
    .does = effect::update,
    .counts = a_read,
    .decide = read_and_lift_expiry,
};

const operation del_unless = {
    .what = {"DELEX", to_remove},
    .does = effect::removal,
    .counts = a_removal,
    .decide = remove_unless_expected,
    REMOVAL(OF_LIVE_ENTRY UNLESS_EXPECTED, "NULL"),
};
const operation del_same = {
    .what = {"RENAME", to_remove},
    .does = effect::removal,
    .counts = a_removal,
    .decide = remove_if_same,
    REMOVAL(OF_LIVE_ENTRY IF_EXPECTED IF_SAME_EXPIRY, "NULL"),
};
const operation take = {
    .what = {"RENAME", to_remove},
    .does = effect::removal,
    .counts = a_removal,
    .decide = remove_and_answer,
    REMOVAL(OF_LIVE_ENTRY, "value"),
};

const operation incr_strict = {
    .what = {"INCRBY", to_store},
    .does = effect::upsert,
    .counts = a_set,
    .decide = add_strictly,
};
const operation incr_real = {
    .what = {"INCRBYFLOAT", to_store},
    .does = effect::upsert,
    .counts = a_set,
    .decide = add_real,
};
const operation append_on_terms = {
    .what = {"APPEND", to_store},
    .does = effect::upsert,
    .counts = a_set,
    .decide = append_if_it_fits,
};
const operation overwrite = {
    .what = {"SETRANGE", to_store},
    .does = effect::upsert,
    .counts = a_set,
    .decide = write_over,
};

}  // namespace operations

const operation &expire_on(expiry_condition condition) {
    int how_many = condition.none + condition.some + condition.later + condition.earlier;
    return how_many == 0     ? operations::expire
           : how_many > 1    ? operations::expire_on_terms
           : condition.none  ? operations::expire_nx
           : condition.some  ? operations::expire_xx
           : condition.later ? operations::expire_gt
                             : operations::expire_lt;
}

}  // namespace kvstore
