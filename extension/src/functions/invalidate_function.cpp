// The trigger function that removes cached keys when the rows change from which they
// were made.

#include <algorithm>
#include <array>

#include "functions/arguments.hpp"
#include "operations/batch.hpp"
#include "operations/operations.hpp"

namespace kvstore {

namespace {

[[noreturn]] void raise_protocol(const char *message) {
    raise_trigger_protocol(message,
                           "CREATE TRIGGER .. AFTER UPDATE OR DELETE ON .. FOR EACH ROW EXECUTE "
                           "FUNCTION kv_invalidate('user:%s', 'id')");
}

TriggerData *trigger_data(FunctionCallInfo fcinfo) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        raise_protocol("kv_invalidate() is a trigger function");
    auto *data = reinterpret_cast<TriggerData *>(fcinfo->context);
    if (!TRIGGER_FIRED_AFTER(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event))
        raise_protocol("kv_invalidate() must be fired AFTER an event, FOR EACH ROW");
    return data;
}

// --- The trigger's arguments: a format, a column for each %s in it, perhaps a store ---

struct arguments {
    const char *format;
    char **columns;
    const char *store;  // nullptr: the default
};

int count_placeholders(const char *format) {
    int count = 0;
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%')
            continue;
        at++;
        if (*at == 's')
            count++;
        else if (*at != '%')
            ereport(ERROR,
                    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                     errmsg("\"%s\" is not a format of keys", format),
                     errhint("%%s stands for the value of a column, %%%% for a percent sign.")));
    }
    return count;
}

arguments arguments_of(const Trigger *trigger) {
    if (trigger->tgnargs == 0)
        raise_protocol("kv_invalidate() needs a format of keys");
    const char *format = trigger->tgargs[0];
    int columns = count_placeholders(format);
    int given = trigger->tgnargs - 1;
    if (given != columns && given != columns + 1)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("format and columns of trigger \"%s\" do not agree", trigger->tgname),
                 errdetail("\"%s\" stands for columns in number: %d. Given: %d.", format, columns,
                           given),
                 errhint("After the format there is one column for each %%s in it, and perhaps "
                         "the name of a store.")));
    return {format, trigger->tgargs + 1, given > columns ? trigger->tgargs[1 + columns] : nullptr};
}

// The table that was given the trigger, from which its partitions have it.
Oid table_given(Oid trigger) {
    Relation triggers = table_open(TriggerRelationId, AccessShareLock);
    Oid table = InvalidOid;
    while (OidIsValid(trigger)) {
        ScanKeyData key;
        ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
                    ObjectIdGetDatum(trigger));
        SysScanDesc scan = systable_beginscan(triggers, TriggerOidIndexId, true, nullptr, 1, &key);
        HeapTuple row = systable_getnext(scan);
        if (!HeapTupleIsValid(row))
            elog(ERROR, "could not find trigger %u", trigger);
        auto *found = reinterpret_cast<Form_pg_trigger>(GETSTRUCT(row));
        table = found->tgrelid;
        trigger = found->tgparentid;
        systable_endscan(scan);
    }
    table_close(triggers, AccessShareLock);
    return table;
}

// A name without a schema is looked for next to the table of the trigger: whoever fires
// it must not decide by the search_path of whoever does what it does.
Oid store_of(const arguments &given, const TriggerData &data) {
    if (given.store == nullptr)
        return InvalidOid;  // see lock_store()
    List *parts = textToQualifiedNameList(cstring_to_text(given.store));
    RangeVar *name = makeRangeVarFromNameList(parts);
    if (name->schemaname == nullptr) {
        const Trigger *trigger = data.tg_trigger;
        Oid table =
            trigger->tgisclone ? table_given(trigger->tgoid) : RelationGetRelid(data.tg_relation);
        name->schemaname = get_namespace_name(get_rel_namespace(table));
    }
    return RangeVarGetRelid(name, operations::del.what.lock(), false);
}

// --- The key that a row stands for ---

// Its value is not in the row that a trigger is given.
void refuse_virtual(Relation table, int number, const char *column) {
    if (number > 0 && pg::is_virtual(TupleDescAttr(RelationGetDescr(table), number - 1)))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("column \"%s\" of table \"%s\" is generated and not stored", column,
                               RelationGetRelationName(table)),
                        errhint("Name the columns that it is generated from, or have it STORED.")));
}

// So that a key is the same in every session: all but these are written under settings of ours.
// What PostgreSQL says of output functions does not tell: point_out() follows extra_float_digits,
// and is immutable all the same.
bool is_written_by_settings(Oid type) {
    switch (getBaseType(type)) {
        case BOOLOID:
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case NUMERICOID:
        case TEXTOID:
        case VARCHAROID:
        case BPCHAROID:
        case NAMEOID:
        case UUIDOID:
            return false;
        default:
            return true;
    }
}

const char *written_as_ever(Relation table, HeapTuple row, int number) {
    int level = NewGUCNestLevel();
    for (const auto &[setting, value] : {std::pair("datestyle", "ISO, MDY"),
                                         {"timezone", "UTC"},
                                         {"intervalstyle", "postgres"},
                                         {"bytea_output", "hex"},
                                         {"extra_float_digits", "1"},
                                         {"lc_monetary", "C"},
                                         {"search_path", "pg_catalog"},
                                         {"quote_all_identifiers", "off"}})
        (void)set_config_option(setting, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                                0, false);
    const char *text = SPI_getvalue(row, RelationGetDescr(table), number);
    AtEOXact_GUC(true, level);
    return text;
}

// nullptr for a NULL.
const char *column_of(Relation table, HeapTuple row, const char *column) {
    int number = SPI_fnumber(RelationGetDescr(table), column);
    if (number == SPI_ERROR_NOATTRIBUTE)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                        errmsg("column \"%s\" of table \"%s\" does not exist", column,
                               RelationGetRelationName(table)),
                        errhint("The trigger's arguments are a format and the names of columns.")));
    refuse_virtual(table, number, column);
    return is_written_by_settings(SPI_gettypeid(RelationGetDescr(table), number))
               ? written_as_ever(table, row, number)
               : SPI_getvalue(row, RelationGetDescr(table), number);
}

// 0 if a column is NULL.
Datum key_of(const arguments &given, Relation table, HeapTuple row) {
    StringInfoData key;
    initStringInfo(&key);
    char **column = given.columns;
    for (const char *at = given.format; *at != '\0'; at++) {
        if (*at == '%' && *++at == 's') {
            const char *value = column_of(table, row, *column++);
            if (value == nullptr)
                return 0;
            appendStringInfoString(&key, value);
        } else {
            appendStringInfoChar(&key, *at);
        }
    }
    return PointerGetDatum(cstring_to_text_with_len(key.data, key.len));
}

bool is_a_key(Datum key) {
    return key != 0 && VARSIZE_ANY_EXHDR(DatumGetPointer(key)) <= longest_key;
}

bool same(Datum a, Datum b) {
    return a != 0 && b != 0 && DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, a, b));
}

// --- The entry ---

// One that was stored since the transaction's snapshot was taken is not seen, and would stay: an
// error then, as with foreign keys. One that is seen, and kept by a trigger or a policy, stays.
void forget(const store &in, Datum key) {
    if (!perform(operations::del, in, {.key = key}).applied && IsolationUsesXactSnapshot() &&
        was_stored_since_snapshot(in, key))
        raise_concurrent_change();
}

// In their order, as batches do: so two updates never wait for each other.
void forget_both(const store &in, Datum one, Datum other) {
    std::array<Datum, 2> keys{one, other};
    std::span<Datum> distinct(keys.data(), same(one, other) ? 1 : 2);
    auto last =
        std::remove_if(distinct.begin(), distinct.end(), [](Datum key) { return !is_a_key(key); });
    distinct = {distinct.begin(), last};
    sort(distinct);
    for (Datum key : distinct)
        forget(in, key);
}

}  // namespace

KV_SQL_FUNCTION(kv_invalidate) {
    TriggerData *data = trigger_data(fcinfo);
    arguments given = arguments_of(data->tg_trigger);
    bool is_update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
    Datum key = key_of(given, data->tg_relation, data->tg_trigtuple);
    Datum new_key = is_update ? key_of(given, data->tg_relation, data->tg_newtuple) : 0;

    with_store(store_of(given, *data), operations::del.called("kv_invalidate()").what,
               [&](const store &in) { forget_both(in, key, new_key); });
    return PointerGetDatum(data->tg_trigtuple);
}

}  // namespace kvstore
