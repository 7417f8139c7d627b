// The errors about stores, their entries and what calls ask of them, each with its SQLSTATE and
// mostly a hint. What only one file has to say, of a format of its own, stands there.
#pragma once

#include "rules/ttl.hpp"
#include "server/postgres.hpp"

namespace kvstore {

[[noreturn]] void raise_null(const char *argument);
[[noreturn]] void raise_key_too_long(std::size_t bytes);
// Of a time that is called so: "TTL", "slack" or "period".
[[noreturn]] void raise_ttl(ttl_fault fault, const char *called);
[[noreturn]] void raise_unreadable_ttl(const char *given, const char *called);
[[noreturn]] void raise_ttl_field_overflow(const char *given, const char *called);
[[noreturn]] void raise_negative(const char *argument);
[[noreturn]] void raise_not_positive(const char *argument, const char *hint);
[[noreturn]] void raise_no_condition(const char *given);
[[noreturn]] void raise_not_text();
[[noreturn]] void raise_not_an_integer();
[[noreturn]] void raise_counter_overflow(std::int64_t by);
[[noreturn]] void raise_not_a_number();
[[noreturn]] void raise_by_out_of_range(const char *by);
[[noreturn]] void raise_number_overflow();
[[noreturn]] void raise_value_too_long(std::size_t bytes);
[[noreturn]] void raise_no_such_table(Oid relid);
[[noreturn]] void raise_no_default_store(const char *name);
[[noreturn]] void raise_reads_as_oid(const char *name);
[[noreturn]] void raise_trigger_protocol(const char *message, const char *hint);
[[noreturn]] void raise_not_a_store(Relation table, const char *why);
[[noreturn]] void raise_unlogged_in_recovery(Relation table);
[[noreturn]] void raise_temporary_in_parallel(Relation table);
[[noreturn]] void raise_unlimitable(Relation table);
[[noreturn]] void raise_concurrent_change();
[[noreturn]] void raise_changed_again_and_again();

}  // namespace kvstore
