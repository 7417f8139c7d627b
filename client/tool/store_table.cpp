#include "store_table.hpp"

#include <concepts>

#include "array_writer.hpp"

namespace kv {

namespace {

// Takes parts off the front of what was received.
class byte_reader {
  public:
    explicit byte_reader(std::string_view bytes) : rest_(bytes) {}

    bool at_end() const { return rest_.empty(); }

    std::string_view bytes(std::size_t size) {
        if (size > rest_.size())
            throw kvstore::decode_error("the server's copy ended too early");
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    template <std::integral Number>
    Number number() {
        std::make_unsigned_t<Number> number = 0;
        for (const char byte : bytes(sizeof number))
            number = static_cast<decltype(number)>(number << 8 | static_cast<unsigned char>(byte));
        return static_cast<Number>(number);
    }

    // A field, which comes after its length; -1 would be NULL, which no store has.
    std::string_view field() { return bytes(number<std::uint32_t>()); }

  private:
    std::string_view rest_;
};

// --- COPY TO, in binary ------------------------------------------------------------------------

std::string copy_statement(connection &on, const store_table &from, const selection &which) {
    std::string sql = "COPY (SELECT key, ";
    sql += which.with_values ? "value" : "''::pg_catalog.text";
    sql += ", expires FROM " + from.name + " WHERE expires OPERATOR(pg_catalog.>) pg_catalog.now()";
    if (!which.prefix.empty())
        sql += " AND key OPERATOR(pg_catalog.^@) " + on.quote(which.prefix) + "::pg_catalog.text";
    if (which.after)
        sql += " AND key OPERATOR(pg_catalog.>) " + on.quote(*which.after) + "::pg_catalog.text";
    sql += " ORDER BY key";
    if (which.max)
        sql += " LIMIT " + std::to_string(*which.max);
    return sql + ") TO STDOUT (FORMAT binary)";
}

// What precedes the rows: a signature, flags, and the length of an extension.
void skip_header(byte_reader &reader) {
    constexpr std::size_t signature_and_flags = 11 + 4;
    reader.bytes(signature_and_flags);
    reader.bytes(reader.number<std::uint32_t>());
}

void read_rows(byte_reader &reader, const std::function<void(const entry &)> &take) {
    constexpr std::int16_t end_of_copy = -1;
    entry row;
    while (!reader.at_end() && reader.number<std::int16_t>() != end_of_copy) {
        row.key = reader.field();
        row.value = reader.field();
        row.expires = byte_reader(reader.field()).number<server_time>();
        take(row);
    }
}

// A message of the server has whole rows, and the first one the header before them.
void read_copy(connection &on, const std::function<void(const entry &)> &take) {
    char *buffer = nullptr;
    int size = 0;
    for (bool first = true; (size = PQgetCopyData(on.pq(), &buffer, 0)) > 0; first = false) {
        const std::unique_ptr<char, decltype(&PQfreemem)> message(buffer, &PQfreemem);
        byte_reader reader({message.get(), static_cast<std::size_t>(size)});
        if (first)
            skip_header(reader);
        read_rows(reader, take);
    }
    while (const result end{PQgetResult(on.pq()), &PQclear})
        on.require_success(end.get());
}

// --- Which tables are stores -------------------------------------------------------------------

// The condition that the rows of table s are entries.
std::string has_entries(connection &on) {
    const auto type = [&](const char *of_rows) {
        return on.quote(on.in_extension(of_rows)) + "::pg_catalog.regtype::pg_catalog.oid";
    };
    return "s.reloftype OPERATOR(pg_catalog.=) ANY (ARRAY[" + type("kv_entry") + ", " +
           type("kv_entry_bytea") + "])";
}

}  // namespace

store_table find_store(connection &on, const std::optional<std::string> &store) {
    const std::string name = store.value_or(on.in_extension("kv_store"));
    // What is no store is for kv_detour() to refuse, with its own words.
    const result answer = on.query(
        "SELECT s.oid::pg_catalog.regclass,"
        " (SELECT atttypid OPERATOR(pg_catalog.=) "
        "'pg_catalog.bytea'::pg_catalog.regtype::pg_catalog.oid"
        "  FROM pg_catalog.pg_attribute"
        "  WHERE attrelid OPERATOR(pg_catalog.=) s.oid"
        "  AND attname OPERATOR(pg_catalog.=) 'value'::pg_catalog.name),"
        " CASE WHEN " +
            has_entries(on) + " THEN NULL ELSE " + on.in_extension("kv_detour") +
            "(s.oid::pg_catalog.regclass) END"
            " FROM pg_catalog.pg_class s"
            " WHERE s.oid OPERATOR(pg_catalog.=) $1::pg_catalog.regclass::pg_catalog.oid",
        {{name}});
    if (PQntuples(answer.get()) == 0)  // the name was an OID
        throw kvstore::sql_error("there is no store " + name, "42P01");
    return {PQgetvalue(answer.get(), 0, 0), PQgetvalue(answer.get(), 0, 1)[0] == 't'};
}

// Those of kv_stats, which would measure each of them, too.
std::vector<std::string> store_names(connection &on) {
    const result rows = on.query(
        "SELECT s.oid::pg_catalog.regclass FROM pg_catalog.pg_class s WHERE " + has_entries(on) +
        " AND s.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r'::pg_catalog.\"char\","
        " 'p'::pg_catalog.\"char\"])"
        " AND s.oid OPERATOR(pg_catalog.<>) " +
        on.quote(on.in_extension("kv_leases")) +
        "::pg_catalog.regclass::pg_catalog.oid"
        " ORDER BY s.oid::pg_catalog.regclass::pg_catalog.text");
    std::vector<std::string> names;
    names.reserve(static_cast<std::size_t>(PQntuples(rows.get())));
    for (int row = 0; row < PQntuples(rows.get()); row++)
        names.emplace_back(PQgetvalue(rows.get(), row, 0));
    return names;
}

void read_entries(connection &on, const store_table &from, const selection &which,
                  const std::function<void(const entry &)> &take) {
    on.query(copy_statement(on, from, which));
    try {
        read_copy(on, take);
    } catch (...) {
        on.disconnect();  // there may be more to come, which nobody reads
        throw;
    }
}

void write_entries(connection &on, const store_table &to, std::span<const entry *const> entries) {
    array_writer keys(text_oid, entries.size());
    array_writer values(to.holds_bytes ? bytea_oid : text_oid, entries.size());
    array_writer expires(timestamptz_oid, entries.size());
    for (const entry *each : entries) {
        keys.add(each->key);
        values.add(each->value);
        expires.add(each->expires);
    }
    // What is too long in the database's encoding is for kv_exists() to refuse, with its own words.
    on.query("INSERT INTO " + to.name +
                 " (key, value, expires)"
                 " SELECT * FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]),"
                 " pg_catalog.unnest($2::pg_catalog." +
                 (to.holds_bytes ? "bytea" : "text") +
                 "[]), pg_catalog.unnest($3::pg_catalog.timestamptz[])) entry (key, value, expires)"
                 " WHERE pg_catalog.octet_length(entry.key) OPERATOR(pg_catalog.<=) 2048"
                 " OR " +
                 on.in_extension("kv_exists") + "(entry.key, " + on.quote(to.name) +
                 "::pg_catalog.regclass)"
                 " ON CONFLICT (key) DO UPDATE"
                 " SET value = excluded.value, expires = excluded.expires",
             {{keys.bytes(), true}, {values.bytes(), true}, {expires.bytes(), true}});
}

}  // namespace kv
