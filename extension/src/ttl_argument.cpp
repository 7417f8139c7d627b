#include "ttl_argument.hpp"

#include <array>

#include "errors.hpp"

namespace kvstore {

namespace {

void require(ttl_fault fault) {
    if (fault != ttl_fault::none)
        raise_ttl(fault);
}

bool reads_infinity(const char *ttl) {
    return pg_strcasecmp(ttl, "infinity") == 0 || pg_strcasecmp(ttl, "-infinity") == 0;
}

}  // namespace

timestamp expiry_after_seconds(double seconds) {
    expiry expires = expiry_after(GetCurrentTimestamp(), seconds);
    require(expires.fault);
    return expires.at;
}

timestamp expiry_after_interval(const Interval *ttl) {
    if (pg::is_infinite(ttl))
        raise_ttl(ttl_fault::not_finite);
    timestamp now = GetCurrentTimestamp();
    require(fault_of_interval(now, ttl->month, ttl->day, ttl->time));
    timestamp expires = DatumGetTimestampTz(DirectFunctionCall2(
        timestamptz_pl_interval, TimestampTzGetDatum(now), PointerGetDatum(ttl)));
    if (expires <= now)
        raise_ttl(ttl_fault::not_positive);
    return expires;
}

// What interval_in() does, with errors that speak of a TTL.
timestamp expiry_after_text(const char *ttl) {
    std::array<char *, MAXDATEFIELDS> fields;
    std::array<int, MAXDATEFIELDS> types;
    std::array<char, 256> buffer;
    int count = 0;
    int kind = DTK_DELTA;
    struct pg_itm_in parts = {};

    if (reads_infinity(ttl))
        raise_ttl(ttl_fault::not_finite);
    int error = ParseDateTime(ttl, buffer.data(), buffer.size(), fields.data(), types.data(),
                              MAXDATEFIELDS, &count);
    if (error == 0)
        error =
            DecodeInterval(fields.data(), types.data(), count, INTERVAL_FULL_RANGE, &kind, &parts);
    if (error == DTERR_BAD_FORMAT)
        error = DecodeISO8601Interval(pstrdup(ttl), &kind, &parts);

    Interval interval;
    if (error == DTERR_FIELD_OVERFLOW || error == DTERR_INTERVAL_OVERFLOW)
        raise_ttl(ttl_fault::beyond_end_of_time);
    if (error != 0)
        raise_unreadable_ttl(ttl);
    if (kind != DTK_DELTA)
        raise_ttl(ttl_fault::not_finite);
    if (itmin2interval(&parts, &interval) != 0)
        raise_ttl(ttl_fault::beyond_end_of_time);
    return expiry_after_interval(&interval);
}

}  // namespace kvstore
