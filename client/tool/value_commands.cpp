#include "value_commands.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "array_writer.hpp"
#include "errors.hpp"
#include "store_table.hpp"
#include "times.hpp"
#include "words.hpp"

namespace kv {

namespace {

using std::optional;
using std::string;

// --- Values in and out -------------------------------------------------------------------------

bool holds_bytes(const context &in) {
    return find_store(in.on, in.store).holds_bytes;
}

std::span<const std::byte> as_bytes(const string &value) {
    return std::as_bytes(std::span(value));
}

optional<string> as_string(const optional<kvstore::byte_vector> &bytes) {
    if (!bytes)
        return std::nullopt;
    return string(reinterpret_cast<const char *>(bytes->data()), bytes->size());
}

// A value for the store, as what the store has.
kvstore::value_view typed(const context &in, const string &value) {
    return holds_bytes(in) ? kvstore::value_view(as_bytes(value)) : kvstore::value_view(value);
}

// The value of the command line, or standard input if it is "-".
string value_of(const context &in, const arguments &given) {
    if (given.value != "-")
        return given.value;
    if (in.in_shell)
        throw input_error("a value cannot come from standard input here");
    string all;
    std::array<char, 1 << 16> part{};
    while (std::cin) {
        std::cin.read(part.data(), part.size());
        all.append(part.data(), static_cast<std::size_t>(std::cin.gcount()));
    }
    if (std::cin.bad())
        throw input_error(string("cannot read standard input: ") + std::strerror(errno));
    return all;
}

}  // namespace

status get(context &in, const arguments &given) {
    return in.out.value(given.key, holds_bytes(in) ? as_string(in.selected().get_bytes(given.key))
                                                   : in.selected().get(given.key));
}

status getdel(context &in, const arguments &given) {
    return in.out.value(given.key, holds_bytes(in)
                                       ? as_string(in.selected().get_del_bytes(given.key))
                                       : in.selected().get_del(given.key));
}

// --- Storing -----------------------------------------------------------------------------------

namespace {

// What may follow the value in Redis's SET.
struct set_words {
    optional<kvstore::time_to_live> ttl;
    bool nx = false;
    bool xx = false;
    bool get = false;
    bool keeps_ttl = false;
};

set_words read_set_words(const arguments &given) {
    set_words read{.ttl = parse_optional_ttl(given.ttl)};
    for (std::size_t i = 0; i < given.words.size(); i++) {
        const string word = upper_case(given.words[i]);
        if (word == "NX")
            read.nx = true;
        else if (word == "XX")
            read.xx = true;
        else if (word == "GET")
            read.get = true;
        else if (word == "KEEPTTL")
            read.keeps_ttl = true;
        else if ((word == "EX" || word == "PX") && !read.ttl && i + 1 < given.words.size())
            read.ttl = parse_ttl_words({word, given.words[++i]});
        else
            throw input_error(
                "set: after the value may be EX SECONDS or PX MILLISECONDS, NX or "
                "XX, GET or KEEPTTL; not '" +
                given.words[i] + "'. A value with blanks is to be quoted");
    }
    const bool takes_no_ttl = read.get || read.keeps_ttl;
    if (read.nx + read.xx + read.get + read.keeps_ttl > 1 || (takes_no_ttl && read.ttl))
        throw input_error(
            "set: NX, XX, GET and KEEPTTL do not go together, nor the latter two with a TTL");
    return read;
}

status store_new(context &in, const arguments &given, const optional<kvstore::time_to_live> &time) {
    const string read = value_of(in, given);
    const kvstore::value_view value = typed(in, read);
    return in.out.flag(in.selected().set_nx(given.key, value, time));
}

status store_present(context &in, const arguments &given,
                     const optional<kvstore::time_to_live> &time) {
    const string read = value_of(in, given);
    const kvstore::value_view value = typed(in, read);
    return in.out.flag(in.selected().set_xx(given.key, value, time));
}

status store_any(context &in, const arguments &given, const optional<kvstore::time_to_live> &time) {
    const string read = value_of(in, given);
    const kvstore::value_view value = typed(in, read);
    if (time)
        in.selected().set_ex(given.key, value, *time);
    else
        in.selected().set(given.key, value);
    return in.out.done();
}

status store_keeping_ttl(context &in, const arguments &given) {
    const string read = value_of(in, given);
    in.selected().set_keepttl(given.key, typed(in, read));
    return in.out.done();
}

}  // namespace

// `set KEY VALUE`, and as in Redis with EX, PX, NX, XX, GET or KEEPTTL behind; setex.
status set(context &in, const arguments &given) {
    const set_words words = read_set_words(given);
    if (words.get)
        return getset(in, given);
    if (words.keeps_ttl)
        return store_keeping_ttl(in, given);
    if (words.nx)
        return store_new(in, given, words.ttl);
    if (words.xx)
        return store_present(in, given, words.ttl);
    return store_any(in, given, words.ttl);
}

status psetex(context &in, const arguments &given) {
    return store_any(in, given, parse_milliseconds(*given.ttl));
}

status setnx(context &in, const arguments &given) {
    return store_new(in, given, parse_optional_ttl(given.ttl));
}

status setxx(context &in, const arguments &given) {
    return store_present(in, given, parse_optional_ttl(given.ttl));
}

// --- Calls by SQL, which takes either type of value ---------------------------------------------

namespace {

const char *value_type(bool is_bytes) {
    return is_bytes ? "pg_catalog.bytea" : "pg_catalog.text";
}

// A call whose first parameter is the key; the last one is the store.
result call(context &in, const char *function, const string &arguments,
            std::vector<sql_parameter> parameters) {
    const string store = in.regclass();
    parameters.push_back({store});
    return in.on.query_in_binary("SELECT * FROM " + in.on.in_extension(function) + "(" + arguments +
                                     ", store => $" + std::to_string(parameters.size()) +
                                     "::pg_catalog.regclass)",
                                 parameters);
}

bool is_true(const result &answer) {
    return PQgetvalue(answer.get(), 0, 0)[0] == '\1';
}

optional<string> field(const result &answer, int row, int column) {
    if (PQgetisnull(answer.get(), row, column))
        return std::nullopt;
    return string(PQgetvalue(answer.get(), row, column),
                  static_cast<std::size_t>(PQgetlength(answer.get(), row, column)));
}

// A TTL as a parameter, in seconds, to the microsecond.
string seconds(const kvstore::time_to_live &time) {
    const auto [whole, rest] = std::div(static_cast<long long>(time.count().count()), 1'000'000LL);
    const string digits = std::to_string(1'000'000 + rest);
    return std::to_string(whole) + '.' + digits.substr(1);
}

}  // namespace

// `getex KEY 5m`, and as in Redis `getex KEY EX 300`.
status getex(context &in, const arguments &given) {
    const string time = seconds(parse_ttl_words(given.words));
    const string slack = given.slack ? seconds(parse_ttl(*given.slack)) : "";
    std::vector<sql_parameter> parameters{{given.key}, {time}};
    if (given.slack)
        parameters.push_back({slack});
    const result answer = call(in, holds_bytes(in) ? "kv_get_ex_bytes" : "kv_get_ex",
                               string("$1::pg_catalog.text, $2::pg_catalog.float8") +
                                   (given.slack ? ", slack => $3::pg_catalog.float8" : ""),
                               parameters);
    return in.out.value(given.key, field(answer, 0, 0));
}

status getset(context &in, const arguments &given) {
    const string value = value_of(in, given);
    const result answer =
        call(in, "kv_get_set", string("$1::pg_catalog.text, $2::") + value_type(holds_bytes(in)),
             {{given.key}, {value, true}});
    return in.out.value(given.key, field(answer, 0, 0));
}

status append(context &in, const arguments &given) {
    const string value = value_of(in, given);
    return in.out.number(in.selected().append(given.key, typed(in, value)));
}

status cas(context &in, const arguments &given) {
    const string value = value_of(in, given);
    const string type = value_type(holds_bytes(in));
    const optional<kvstore::time_to_live> time = parse_optional_ttl(given.ttl);
    const string ttl = time ? seconds(*time) : "";
    std::vector<sql_parameter> parameters{{given.key}, {given.expected, true}, {value, true}};
    if (time)
        parameters.push_back({ttl});
    return in.out.flag(is_true(call(in, "kv_cas",
                                    "$1::pg_catalog.text, $2::" + type + ", $3::" + type +
                                        (time ? ", $4::pg_catalog.float8" : ""),
                                    parameters)));
}

status delif(context &in, const arguments &given) {
    return in.out.flag(is_true(
        call(in, "kv_del_if", string("$1::pg_catalog.text, $2::") + value_type(holds_bytes(in)),
             {{given.key}, {given.expected, true}})));
}

// --- Several -----------------------------------------------------------------------------------

status mget(context &in, const arguments &given) {
    array_writer keys(text_oid, given.keys.size());
    for (const string &key : given.keys)
        keys.add(key);
    const result rows = call(in, holds_bytes(in) ? "kv_mget_bytes" : "kv_mget",
                             "$1::pg_catalog.text[]", {{keys.bytes(), true}});
    status all = absent;
    for (int row = 0; row < PQntuples(rows.get()); row++) {
        const optional<string> value = field(rows, row, 1);
        in.out.listed_value(given.keys[static_cast<std::size_t>(row)], value);
        if (value)
            all = found;
    }
    return all;
}

namespace {

// The pairs stored by that function, or by that function for bytes.
result store_pairs(context &in, const arguments &given, const char *function,
                   const char *function_for_bytes) {
    if (given.pairs.size() % 2 != 0)
        throw input_error("the last key has no value");
    const bool is_bytes = holds_bytes(in);
    array_writer keys(text_oid, given.pairs.size() / 2);
    array_writer values(is_bytes ? bytea_oid : text_oid, given.pairs.size() / 2);
    for (std::size_t i = 0; i < given.pairs.size(); i += 2) {
        keys.add(given.pairs[i]);
        values.add(given.pairs[i + 1]);
    }
    const optional<kvstore::time_to_live> time = parse_optional_ttl(given.ttl);
    const string ttl = time ? seconds(*time) : "";
    std::vector<sql_parameter> parameters{{keys.bytes(), true}, {values.bytes(), true}};
    if (time)
        parameters.push_back({ttl});
    return call(in, is_bytes ? function_for_bytes : function,
                string("$1::pg_catalog.text[], $2::") + value_type(is_bytes) + "[]" +
                    (time ? ", $3::pg_catalog.float8" : ""),
                parameters);
}

}  // namespace

status mset(context &in, const arguments &given) {
    const result answer = store_pairs(in, given, "kv_mset", "kv_mset_bytes");
    const string bytes = field(answer, 0, 0).value_or("");
    std::int64_t stored = 0;
    for (const char byte : bytes)
        stored = stored << 8 | static_cast<unsigned char>(byte);
    return in.out.number(stored);
}

status msetnx(context &in, const arguments &given) {
    return in.out.flag(is_true(store_pairs(in, given, "kv_mset_nx", "kv_mset_nx_bytes")));
}

}  // namespace kv
