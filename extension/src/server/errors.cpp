#include "server/errors.hpp"

#include "rules/key.hpp"

namespace kvstore {

void raise_null(const char *argument) {
    ereport(ERROR,
            (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", argument)));
}

void raise_key_too_long(std::size_t bytes) {
    ereport(ERROR,
            (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("key of %zu bytes is too long", bytes),
             errdetail("A key has at most %zu bytes.", longest_key),
             errhint("Use a digest of it as the key.")));
}

namespace {

constexpr const char *how_to_write_a_ttl =
    "Write an interval, such as '1 hour', or a number of seconds, such as 60.";

const char *hint_for(ttl_fault fault, const char *called) {
    if (strcmp(called, "TTL") != 0)
        return how_to_write_a_ttl;
    return fault == ttl_fault::not_positive ? "kv_del() removes an entry."
                                            : "kv_set() stores an entry that does not expire.";
}

}  // namespace

void raise_ttl(ttl_fault fault, const char *called) {
    const char *message = fault == ttl_fault::not_positive ? "%s must be positive"
                          : fault == ttl_fault::not_finite ? "%s must be finite"
                                                           : "%s reaches beyond the end of time";
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg_internal(message, called),
                    errhint("%s", hint_for(fault, called))));
}

void raise_unreadable_ttl(const char *given, const char *called) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_DATETIME_FORMAT), errmsg("\"%s\" is not a %s", given, called),
             errhint("%s", how_to_write_a_ttl)));
}

// Too large a number, or one that is none of its unit, such as 99 minutes in 1:99:00.
void raise_ttl_field_overflow(const char *given, const char *called) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("a field of \"%s\" is out of range for a %s", given, called),
                    errhint("%s", how_to_write_a_ttl)));
}

void raise_negative(const char *argument) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("%s must not be negative", argument)));
}

void raise_not_positive(const char *argument, const char *hint) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("%s must be positive", argument), errhint("%s", hint)));
}

void raise_no_condition(const char *given) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" is not a condition", given),
             errhint("Write nx, if it does not expire yet, xx, if it does, gt, only later, or lt, "
                     "only sooner.")));
}

void raise_not_text() {
    ereport(ERROR,
            (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
             errmsg("value is not valid text in encoding \"%s\"", GetDatabaseEncodingName()),
             errhint("Keep bytes in a store made with kv_create_store(.., value_type => 'bytea') "
                     "and read them with the functions named .._bytes.")));
}

void raise_not_an_integer() {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("the value is not an integer"),
             errdetail("A counter is an integer of 64 bits, written in digits alone."),
             errhint("kv_set(key, '0') makes the entry a counter.")));
}

void raise_counter_overflow(std::int64_t by) {
    ereport(ERROR,
            (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("the counter is out of range"),
             errdetail("Adding %lld does not fit into an integer of 64 bits.",
                       static_cast<long long>(by)),
             errhint("kv_set(key, '0') sets it to 0.")));
}

void raise_not_a_number() {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("the value is not a number"),
             errdetail("It would be digits, with a point or an exponent, and nothing else."),
             errhint("kv_set(key, '0') makes the entry a number.")));
}

namespace {

constexpr const char *how_large_numbers_are =
    "A number is finite, and as large as a long double of C can be.";

}  // namespace

void raise_by_out_of_range(const char *by) {
    ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                    errmsg("by is out of range: %.40s%s", by, strlen(by) > 40 ? ".." : ""),
                    errdetail("%s", how_large_numbers_are)));
}

void raise_number_overflow() {
    ereport(ERROR,
            (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("the number is out of range"),
             errdetail("%s", how_large_numbers_are), errhint("kv_set(key, '0') sets it to 0.")));
}

void raise_value_too_long(std::size_t bytes) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("value of %zu bytes is too long", bytes),
                    errdetail("A value has at most %zu bytes.", MaxAllocSize - VARHDRSZ),
                    errhint("Keep what grows under several keys.")));
}

void raise_no_such_table(Oid relid) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                    errmsg("the store with OID %u does not exist", relid),
                    errhint("It may have been dropped a moment ago.")));
}

// `name` as SQL writes it.
void raise_no_default_store(const char *name) {
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("the default store %s does not exist", name),
             errhint("SELECT kv_create_store(%s) creates it.", quote_literal_cstr(name))));
}

void raise_reads_as_oid(const char *name) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_NAME), errmsg("\"%s\" is no name of a store", name),
                    errdetail("Where a store is given by name, it stands for an OID."),
                    errhint("Quote it as SQL quotes an identifier: '\"%s\"'.", name)));
}

void raise_trigger_protocol(const char *message, const char *hint) {
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg_internal("%s", message), errhint("%s", hint)));
}

void raise_not_a_store(Relation table, const char *why) {
    ereport(ERROR,
            (errcode(ERRCODE_WRONG_OBJECT_TYPE),
             errmsg("\"%s\" is not a store", RelationGetRelationName(table)),
             errdetail_internal("%s", why), errhint("Create a store with kv_create_store().")));
}

void raise_unlogged_in_recovery(Relation table) {
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("store \"%s\" cannot be used on a standby", RelationGetRelationName(table)),
             errdetail("It is unlogged: its entries are on the primary alone."),
             errhint("Ask the primary, or create a store with logged => true.")));
}

void raise_temporary_in_parallel(Relation table) {
    ereport(
        ERROR,
        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
         errmsg("store \"%s\" cannot be used in a parallel query", RelationGetRelationName(table)),
         errdetail("It is temporary: its entries are in the memory of the session alone."),
         errhint("SET max_parallel_workers_per_gather = 0 keeps queries to the session.")));
}

void raise_unlimitable(Relation table) {
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("the size of store \"%s\" cannot be limited", RelationGetRelationName(table)),
             errdetail("It is temporary or partitioned, or other tables inherit from it.")));
}

// As SQL words it.
void raise_concurrent_change() {
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access due to concurrent update")));
}

void raise_changed_again_and_again() {
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not change the entry, since others were faster again and again"),
                    errhint("The transaction might succeed if retried.")));
}

}  // namespace kvstore
