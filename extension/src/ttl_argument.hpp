// The three ways in which SQL gives a TTL. Each function returns the time at which
// an entry stored now expires, or raises 22023 (zero, negative, not finite, beyond
// the end of time) or, for text, 22007 (not readable).
#pragma once

#include "postgres.hpp"
#include "ttl.hpp"

namespace kvstore {

timestamp expiry_after_seconds(double seconds);
timestamp expiry_after_interval(const Interval *ttl);
timestamp expiry_after_text(const char *ttl);  // what an interval literal accepts

}  // namespace kvstore
