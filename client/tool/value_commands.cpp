#include "value_commands.hpp"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>

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
    string all{std::istreambuf_iterator<char>(std::cin), {}};
    if (std::cin.bad())
        throw input_error("cannot read standard input");
    return all;
}

optional<kvstore::ttl> ttl_of(const arguments &given) {
    if (given.ttl.empty())
        return std::nullopt;
    return parse_ttl(given.ttl);
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

// `getex KEY 5m`, and as in Redis `getex KEY EX 300`.
status getex(context &in, const arguments &given) {
    const kvstore::ttl time = parse_ttl_words(given.words);
    return in.out.value(given.key, holds_bytes(in)
                                       ? as_string(in.selected().get_ex_bytes(given.key, time))
                                       : in.selected().get_ex(given.key, time));
}

// --- Storing -----------------------------------------------------------------------------------

namespace {

// What may follow the value in Redis's SET.
struct set_words {
    optional<kvstore::ttl> ttl;
    bool nx = false;
    bool xx = false;
    bool get = false;
};

set_words read_set_words(const arguments &given) {
    set_words read{.ttl = ttl_of(given)};
    for (std::size_t i = 0; i < given.words.size(); i++) {
        const string word = upper_case(given.words[i]);
        if (word == "NX")
            read.nx = true;
        else if (word == "XX")
            read.xx = true;
        else if (word == "GET")
            read.get = true;
        else if ((word == "EX" || word == "PX") && !read.ttl && i + 1 < given.words.size())
            read.ttl = parse_ttl_words({word, given.words[++i]});
        else
            throw input_error(
                "set: after the value may be EX SECONDS or PX MILLISECONDS, NX or "
                "XX, or GET; not '" +
                given.words[i] + "'. A value with blanks is to be quoted");
    }
    if (read.nx + read.xx + (read.get ? 1 + read.ttl.has_value() : 0) > 1)
        throw input_error("set: NX, XX and GET do not go together, nor GET with a TTL");
    return read;
}

status store_new(context &in, const arguments &given, const optional<kvstore::ttl> &time) {
    const string read = value_of(in, given);
    const kvstore::value_view value = typed(in, read);
    return in.out.flag(in.selected().set_nx(given.key, value, time));
}

status store_present(context &in, const arguments &given, const optional<kvstore::ttl> &time) {
    const string read = value_of(in, given);
    const kvstore::value_view value = typed(in, read);
    return in.out.flag(in.selected().set_xx(given.key, value, time));
}

status store_any(context &in, const arguments &given, const optional<kvstore::ttl> &time) {
    const string read = value_of(in, given);
    const kvstore::value_view value = typed(in, read);
    if (time)
        in.selected().set_ex(given.key, value, *time);
    else
        in.selected().set(given.key, value);
    return in.out.done();
}

}  // namespace

// `set KEY VALUE`, and as in Redis with EX, PX, NX, XX or GET behind; setex.
status set(context &in, const arguments &given) {
    const set_words words = read_set_words(given);
    if (words.get)
        return getset(in, given);
    if (words.nx)
        return store_new(in, given, words.ttl);
    if (words.xx)
        return store_present(in, given, words.ttl);
    return store_any(in, given, words.ttl);
}

status psetex(context &in, const arguments &given) {
    return store_any(in, given, parse_milliseconds(given.ttl));
}

status setnx(context &in, const arguments &given) {
    return store_new(in, given, ttl_of(given));
}

status setxx(context &in, const arguments &given) {
    return store_present(in, given, ttl_of(given));
}

// --- Comparing and replacing -------------------------------------------------------------------

namespace {

// kv_get_set(), kv_cas() and kv_del_if() are for text. For a store of bytes, this makes of a
// parameter the text that has exactly its bytes, whatever the encodings are. Bytes that are no
// text in the database's encoding are error 22021.
string exact_text(const char *parameter) {
    return string("pg_catalog.convert_from(") + parameter +
           "::pg_catalog.bytea, pg_catalog.getdatabaseencoding())";
}

bool is_true(const result &answer) {
    return PQgetvalue(answer.get(), 0, 0)[0] == '\1';
}

optional<string> get_set_bytes(context &in, const string &key, const string &value) {
    const result answer =
        in.on.query_in_binary("SELECT pg_catalog.convert_to(" + in.on.in_extension("kv_get_set") +
                                  "($1::pg_catalog.text, " + exact_text("$2") +
                                  ", store => $3::pg_catalog.regclass),"
                                  " pg_catalog.getdatabaseencoding())",
                              {{key}, {value, true}, {in.regclass()}});
    if (PQgetisnull(answer.get(), 0, 0))
        return std::nullopt;
    return string(PQgetvalue(answer.get(), 0, 0),
                  static_cast<std::size_t>(PQgetlength(answer.get(), 0, 0)));
}

bool cas_bytes(context &in, const arguments &given, const string &value) {
    const optional<kvstore::ttl> time = ttl_of(given);
    const string seconds = time ? std::to_string(time->seconds()) : "";
    std::vector<sql_parameter> parameters{
        {given.key}, {given.expected, true}, {value, true}, {in.regclass()}};
    if (time)
        parameters.push_back({seconds});
    return is_true(in.on.query_in_binary(
        "SELECT " + in.on.in_extension("kv_cas") + "($1::pg_catalog.text, " + exact_text("$2") +
            ", " + exact_text("$3") + (time ? ", $5::pg_catalog.float8" : "") +
            ", store => $4::pg_catalog.regclass)",
        parameters));
}

bool del_if_bytes(context &in, const arguments &given) {
    return is_true(in.on.query_in_binary("SELECT " + in.on.in_extension("kv_del_if") +
                                             "($1::pg_catalog.text, " + exact_text("$2") +
                                             ", store => $3::pg_catalog.regclass)",
                                         {{given.key}, {given.expected, true}, {in.regclass()}}));
}

}  // namespace

status getset(context &in, const arguments &given) {
    const string value = value_of(in, given);
    return in.out.value(given.key, holds_bytes(in) ? get_set_bytes(in, given.key, value)
                                                   : in.selected().get_set(given.key, value));
}

status cas(context &in, const arguments &given) {
    const string value = value_of(in, given);
    return in.out.flag(holds_bytes(in)
                           ? cas_bytes(in, given, value)
                           : in.selected().cas(given.key, given.expected, value, ttl_of(given)));
}

status delif(context &in, const arguments &given) {
    return in.out.flag(holds_bytes(in) ? del_if_bytes(in, given)
                                       : in.selected().del_if(given.key, given.expected));
}

// --- Several -----------------------------------------------------------------------------------

namespace {

// One by one with one round trip, since the library's mget() is for text.
std::vector<optional<string>> mget_bytes(const context &in, const std::vector<string> &keys) {
    kvstore::pipeline pipeline = in.selected().pipeline();
    std::vector<kvstore::reply<optional<kvstore::byte_vector>>> replies;
    for (const string &key : keys)
        replies.push_back(pipeline.get_bytes(key));
    pipeline.run();
    std::vector<optional<string>> values;
    for (auto &each : replies)
        values.push_back(as_string(each.get()));
    return values;
}

// Likewise, in one transaction and in the order of the keys, as kv_mset() for text.
void mset_bytes(const context &in, const std::map<string, string> &entries,
                const optional<kvstore::ttl> &time) {
    in.on.client().transaction([&](kvstore::transaction &all) {
        kvstore::store store = all.store(in.store.value_or(""));
        for (const auto &[key, value] : entries)
            if (time)
                store.set_ex(key, as_bytes(value), *time);
            else
                store.set(key, as_bytes(value));
    });
}

}  // namespace

status mget(context &in, const arguments &given) {
    const std::vector<optional<string>> values =
        holds_bytes(in) ? mget_bytes(in, given.keys) : in.selected().mget(given.keys);
    status all = absent;
    for (std::size_t i = 0; i < values.size(); i++) {
        in.out.listed_value(given.keys[i], values[i]);
        if (values[i])
            all = found;
    }
    return all;
}

status mset(context &in, const arguments &given) {
    if (given.pairs.size() % 2 != 0)
        throw input_error("mset: the last key has no value");
    std::map<string, string> entries;  // of a key given twice, the last value counts
    for (std::size_t i = 0; i < given.pairs.size(); i += 2)
        entries[given.pairs[i]] = given.pairs[i + 1];
    if (!holds_bytes(in))
        return in.out.number(in.selected().mset(entries, ttl_of(given)));
    mset_bytes(in, entries, ttl_of(given));
    return in.out.number(static_cast<std::int64_t>(entries.size()));
}

}  // namespace kv
