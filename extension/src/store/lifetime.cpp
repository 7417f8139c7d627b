#include "store/lifetime.hpp"

#include <array>

#include "server/errors.hpp"

namespace kvstore {

namespace {

void require(ttl_fault fault, const char *called) {
    if (fault != ttl_fault::none)
        raise_ttl(fault, called);
}

bool reads_infinity(const char *ttl) {
    return pg_strcasecmp(ttl, "infinity") == 0 || pg_strcasecmp(ttl, "-infinity") == 0;
}

timestamp end_of_seconds(timestamp moment, double seconds, const char *called) {
    expiry expires = expiry_after(moment, seconds);
    require(expires.fault, called);
    return expires.at;
}

timestamp end_of_interval(timestamp moment, const Interval &ttl, const char *called) {
    require(fault_of_interval(moment, ttl.month, ttl.day, ttl.time), called);
    timestamp expires = DatumGetTimestampTz(DirectFunctionCall2(
        timestamptz_pl_interval, TimestampTzGetDatum(moment), IntervalPGetDatum(&ttl)));
    if (expires <= moment)
        raise_ttl(ttl_fault::not_positive, called);
    return expires;
}

}  // namespace

timestamp lifetime::end(timestamp moment) const {
    switch (given_as_) {
        case form::seconds:
            return end_of_seconds(moment, seconds_, called_);
        case form::interval:
            return end_of_interval(moment, interval_, called_);
        case form::time:
            break;
    }
    return at_;
}

lifetime lifetime::of_seconds(double seconds, const char *called) {
    lifetime result;
    result.called_ = called;
    result.given_as_ = form::seconds;
    result.seconds_ = seconds;
    result.end(GetCurrentTimestamp());
    return result;
}

lifetime lifetime::of_interval(const Interval *ttl, const char *called) {
    if (pg::is_infinite(ttl))
        raise_ttl(ttl_fault::not_finite, called);
    lifetime result;
    result.called_ = called;
    result.given_as_ = form::interval;
    result.interval_ = *ttl;
    result.end(GetCurrentTimestamp());
    return result;
}

// What interval_in() does, with errors that speak of a TTL.
lifetime lifetime::of_text(const char *ttl, const char *called) {
    std::array<char *, MAXDATEFIELDS> fields;
    std::array<int, MAXDATEFIELDS> types;
    std::array<char, 256> buffer;
    int count = 0;
    int kind = DTK_DELTA;
    struct pg_itm_in parts = {};

    if (reads_infinity(ttl))
        raise_ttl(ttl_fault::not_finite, called);
    int error = ParseDateTime(ttl, buffer.data(), buffer.size(), fields.data(), types.data(),
                              MAXDATEFIELDS, &count);
    if (error == 0)
        error =
            DecodeInterval(fields.data(), types.data(), count, INTERVAL_FULL_RANGE, &kind, &parts);
    if (error == DTERR_BAD_FORMAT)
        error = DecodeISO8601Interval(pstrdup(ttl), &kind, &parts);

    Interval interval;
    if (error == DTERR_FIELD_OVERFLOW || error == DTERR_INTERVAL_OVERFLOW)
        raise_ttl_field_overflow(ttl, called);
    if (error != 0)
        raise_unreadable_ttl(ttl, called);
    if (kind != DTK_DELTA)
        raise_ttl(ttl_fault::not_finite, called);
    if (itmin2interval(&parts, &interval) != 0)
        raise_ttl(ttl_fault::beyond_end_of_time, called);
    return of_interval(&interval, called);
}

}  // namespace kvstore
