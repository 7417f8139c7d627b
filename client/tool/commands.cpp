// The table of the commands, and those that are one call of the library.
#include <iostream>
#include <iterator>

#include "command_line.hpp"
#include "errors.hpp"
#include "shell.hpp"
#include "statistics.hpp"
#include "store_table.hpp"
#include "times.hpp"
#include "transfer.hpp"

namespace kv {

namespace {

using std::optional;
using std::string;

// --- Arguments ---------------------------------------------------------------------------------

template <class Value>
CLI::Option *positional(CLI::App &app, const char *name, Value &into, const char *help) {
    return app.add_option(name, into, help)->type_name("");
}

template <class Value>
CLI::Option *required(CLI::App &app, const char *name, Value &into, const char *help) {
    return positional(app, name, into, help)->required();
}

void key(CLI::App &app, arguments &into) {
    required(app, "KEY", into.key, "of the entry");
}

void keys(CLI::App &app, arguments &into) {
    required(app, "KEY", into.keys, "of an entry");
}

void pairs(CLI::App &app, arguments &into) {
    required(app, "KEY-VALUE", into.pairs, "keys, each followed by its value");
}

void value(CLI::App &app, arguments &into) {
    required(app, "VALUE", into.value, "what to store; - reads it from standard input");
}

void expected(CLI::App &app, arguments &into) {
    required(app, "EXPECTED", into.expected, "the value that must be there");
}

constexpr const char *ttl_help = "how long it lives: seconds, or as in 500ms, 1h30m, 2d";

void ttl(CLI::App &app, arguments &into) {
    required(app, "TTL", into.ttl, ttl_help);
}

void optional_ttl(CLI::App &app, arguments &into) {
    app.add_option("--ttl", into.ttl, ttl_help)->type_name("TTL");
}

void time(CLI::App &app, arguments &into) {
    required(app, "TIME", into.time, "as SQL writes it, such as 2030-01-01 or tomorrow");
}

void by(CLI::App &app, arguments &into) {
    positional(app, "BY", into.by, "what to add; may be negative [1]");
}

void prefix(CLI::App &app, arguments &into) {
    positional(app, "PREFIX", into.prefix, "of the keys");
}

void required_prefix(CLI::App &app, arguments &into) {
    required(app, "PREFIX", into.prefix, "of the keys");
}

void prefix_option(CLI::App &app, arguments &into) {
    app.add_option("--prefix", into.prefix, "only keys that begin with this")->type_name("PREFIX");
}

void after(CLI::App &app, arguments &into) {
    app.add_option("--after", into.after, "only keys after this one")->type_name("KEY");
}

void max(CLI::App &app, arguments &into) {
    app.add_option("--max", into.max, "at most so many")
        ->type_name("N")
        ->check(CLI::Validator(CLI::NonNegativeNumber).description(""));
}

void with_values(CLI::App &app, arguments &into) {
    app.add_flag("--values", into.with_values, "print values too, after a tab");
}

void name(CLI::App &app, arguments &into) {
    required(app, "NAME", into.name, "as SQL writes it: sessions, app.sessions");
}

void optional_name(CLI::App &app, arguments &into) {
    positional(app, "NAME", into.name, "of a store; all of them without it");
}

void logged(CLI::App &app, arguments &into) {
    app.add_flag("--logged", into.logged, "kept through a crash, and on standbys");
}

void bytes(CLI::App &app, arguments &into) {
    app.add_flag("--bytes", into.bytes, "for values that are not text");
}

void size(CLI::App &app, arguments &into) {
    required(app, "SIZE", into.size, "such as 100MB; none takes the limit away");
}

void evict(CLI::App &app, arguments &into) {
    app.add_option("--evict", into.evict, "who goes first: soonest to expire, or oldest written")
        ->type_name("ORDER")
        ->check(CLI::IsMember({"soonest", "oldest"}).description(""));
}

void file(CLI::App &app, arguments &into) {
    positional(app, "FILE", into.file, "- is standard input or output [-]");
}

void go_on(CLI::App &app, arguments &into) {
    app.add_flag("--continue", into.go_on, "go on after an error");
}

void interval(CLI::App &app, arguments &into) {
    app.add_option("--interval", into.interval, "time between two looks [2]")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.0, 86400.0).description(""));
}

void count_of_looks(CLI::App &app, arguments &into) {
    app.add_option("--count", into.max, "look so often, then end")
        ->type_name("N")
        ->check(CLI::Validator(CLI::PositiveNumber).description(""));
}

void command_name(CLI::App &app, arguments &into) {
    positional(app, "COMMAND", into.name, "which to explain; all without it");
}

// --- Values in and out -------------------------------------------------------------------------

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

// Bytes are taken by both kinds of store: one of text finds out whether they are text.
std::span<const std::byte> as_bytes(const string &value) {
    return std::as_bytes(std::span(value));
}

optional<string> as_string(const optional<kvstore::byte_vector> &bytes) {
    if (!bytes)
        return std::nullopt;
    return string(reinterpret_cast<const char *>(bytes->data()), bytes->size());
}

optional<kvstore::time_to_live> ttl_of(const arguments &given) {
    if (given.ttl.empty())
        return std::nullopt;
    return parse_ttl(given.ttl);
}

// --- One entry ---------------------------------------------------------------------------------

status get(context &in, const arguments &given) {
    return in.out.value(given.key, as_string(in.selected().get_bytes(given.key)));
}

status set(context &in, const arguments &given) {
    const string value = value_of(in, given);
    if (const optional<kvstore::time_to_live> time = ttl_of(given))
        in.selected().set_ex(given.key, as_bytes(value), *time);
    else
        in.selected().set(given.key, as_bytes(value));
    return in.out.done();
}

status setnx(context &in, const arguments &given) {
    const string value = value_of(in, given);
    return in.out.flag(in.selected().set_nx(given.key, as_bytes(value), ttl_of(given)));
}

status setxx(context &in, const arguments &given) {
    const string value = value_of(in, given);
    return in.out.flag(in.selected().set_xx(given.key, as_bytes(value), ttl_of(given)));
}

status getset(context &in, const arguments &given) {
    return in.out.value(given.key, in.selected().get_set(given.key, value_of(in, given)));
}

status cas(context &in, const arguments &given) {
    return in.out.flag(
        in.selected().cas(given.key, given.expected, value_of(in, given), ttl_of(given)));
}

status getex(context &in, const arguments &given) {
    return in.out.value(given.key,
                        as_string(in.selected().get_ex_bytes(given.key, parse_ttl(given.ttl))));
}

status getdel(context &in, const arguments &given) {
    return in.out.value(given.key, as_string(in.selected().get_del_bytes(given.key)));
}

status incr(context &in, const arguments &given) {
    return in.out.number(in.selected().incr(given.key, given.by, ttl_of(given)));
}

status exists(context &in, const arguments &given) {
    return in.out.flag(in.selected().exists(given.key));
}

// No time left to know of is no entry, or one that does not expire.
status ttl_left(context &in, const arguments &given) {
    kvstore::store store = in.selected();
    const optional<std::chrono::microseconds> left = store.ttl(given.key);
    if (!left && !store.exists(given.key)) {
        if (in.out.json())
            in.out.line("null");
        return absent;
    }
    if (!left)
        return in.out.seconds(std::nullopt);
    return in.out.seconds(std::chrono::duration<double>(*left).count());
}

status expire(context &in, const arguments &given) {
    return in.out.flag(in.selected().expire(given.key, parse_ttl(given.ttl)));
}

// The server reads the time, in all the ways it knows.
status expireat(context &in, const arguments &given) {
    const result answer =
        in.on.query("SELECT kv_expire_at($1, $2, store => $3::pg_catalog.regclass)",
                    {{given.key}, {given.time}, {in.store}});
    return in.out.flag(PQgetvalue(answer.get(), 0, 0)[0] == 't');
}

status persist(context &in, const arguments &given) {
    return in.out.flag(in.selected().persist(given.key));
}

status delif(context &in, const arguments &given) {
    return in.out.flag(in.selected().del_if(given.key, given.expected));
}

// --- Many entries ------------------------------------------------------------------------------

status del(context &in, const arguments &given) {
    return in.out.number_found(in.selected().mdel(given.keys));
}

// One by one with one round trip, since the library's mget() is for text.
status mget(context &in, const arguments &given) {
    kvstore::pipeline pipeline(in.selected());
    std::vector<kvstore::reply<optional<kvstore::byte_vector>>> replies;
    for (const string &key : given.keys)
        replies.push_back(pipeline.get_bytes(key));
    pipeline.run();
    status all = absent;
    for (std::size_t i = 0; i < replies.size(); i++) {
        const optional<string> value = as_string(replies[i].get());
        in.out.listed_value(given.keys[i], value);
        if (value)
            all = found;
    }
    return all;
}

status mset(context &in, const arguments &given) {
    if (given.pairs.size() % 2 != 0)
        throw input_error("mset: the last key has no value");
    std::vector<std::pair<string, string>> entries;
    for (std::size_t i = 0; i < given.pairs.size(); i += 2)
        entries.emplace_back(given.pairs[i], given.pairs[i + 1]);
    return in.out.number(in.selected().mset(entries, ttl_of(given)));
}

status scan(context &in, const arguments &given) {
    read_entries(in.on, find_store(in.on, in.store), {given.prefix, given.after, given.max},
                 [&](const entry &each) { in.out.entry(each, given.with_values); });
    return found;
}

status count(context &in, const arguments &given) {
    return in.out.number(in.selected().count(given.prefix));
}

status delprefix(context &in, const arguments &given) {
    return in.out.number_found(in.selected().del_prefix(given.prefix));
}

status flush(context &in, const arguments &) {
    in.selected().flush();
    return in.out.done();
}

// --- Stores ------------------------------------------------------------------------------------

status create(context &in, const arguments &given) {
    in.on.client().create_store(given.name, {.logged = given.logged, .bytes = given.bytes});
    return in.out.done();
}

status sweep(context &in, const arguments &given) {
    return in.out.number(in.selected().sweep(given.max));
}

status limit(context &in, const arguments &given) {
    if (given.size == "none")
        in.selected().lift_limit();
    else
        in.selected().limit(given.size, given.evict == "oldest" ? kvstore::eviction::oldest
                                                                : kvstore::eviction::soonest);
    return in.out.done();
}

status detour(context &in, const arguments &) {
    return in.out.text(in.selected().detour());
}

status help(context &, const arguments &given) {
    std::cout << help_text(given.name) << std::flush;
    return found;
}

}  // namespace

// --- The table ---------------------------------------------------------------------------------

std::span<const command> commands() {
    static const std::vector<command> table{
        {"get", {}, "print the value of an entry", {key}, get},
        {"set", {}, "store a value", {key, value, optional_ttl}, set},
        {"setex", {"set-ex"}, "store a value that expires", {key, ttl, value}, set},
        {"setnx",
         {"set-nx"},
         "store a value if there is no entry",
         {key, value, optional_ttl},
         setnx},
        {"setxx",
         {"set-xx"},
         "store a value if there is an entry",
         {key, value, optional_ttl},
         setxx},
        {"getset",
         {"get-set"},
         "store a value, and print the one it replaces",
         {key, value},
         getset},
        {"cas",
         {},
         "store a value if the present one is the expected one",
         {key, expected, value, optional_ttl},
         cas},
        {"getex", {"get-ex"}, "print a value, and set its TTL anew", {key, ttl}, getex},
        {"getdel", {"get-del"}, "print a value, and remove the entry", {key}, getdel},
        {"del", {"mdel"}, "remove entries, and print how many there were", {keys}, del},
        {"delif",
         {"del-if"},
         "remove an entry if it has the expected value",
         {key, expected},
         delif},
        {"exists", {}, "tell whether there is an entry", {key}, exists},
        {"incr",
         {"incrby"},
         "add to a counter, and print the sum; --ttl is for a new one",
         {key, by, optional_ttl},
         incr},
        {"ttl",
         {},
         "print the seconds that an entry has left, -1 if it does not expire",
         {key},
         ttl_left},
        {"expire", {}, "set the TTL of an entry", {key, ttl}, expire},
        {"expireat", {"expire-at"}, "set when an entry expires", {key, time}, expireat},
        {"persist", {}, "make an entry not expire", {key}, persist},
        {"mget", {}, "print the values of several entries, each on a line", {keys}, mget},
        {"mset", {}, "store several values, all or none", {pairs, optional_ttl}, mset},
        {"scan", {}, "print the keys in order", {prefix, after, max, with_values}, scan},
        {"count", {}, "print how many entries there are", {prefix}, count},
        {"delprefix",
         {"del-prefix"},
         "remove the entries whose keys have a prefix",
         {required_prefix},
         delprefix},
        {"flush", {}, "empty the store", {}, flush},
        {"export", {}, "write entries as lines of JSON", {file, prefix_option}, export_entries},
        {"import",
         {},
         "store entries from lines of JSON, as export writes them",
         {file, go_on},
         import_entries},
        {"stores", {}, "list the stores of the database", {}, list_stores},
        {"create", {"create-store"}, "create a store", {name, logged, bytes}, create},
        {"stats",
         {"info"},
         "print the sizes and counters of stores",
         {optional_name},
         print_statistics},
        {"watch",
         {},
         "show sizes, hit rates and traffic, until interrupted",
         {interval, count_of_looks},
         watch},
        {"sweep", {}, "remove expired entries now, and print how many", {max}, sweep},
        {"limit", {}, "give the store a maximum size, past which it evicts", {size, evict}, limit},
        {"detour", {}, "print why writes to the store go through SQL, if they do", {}, detour},
        {"shell", {}, "read commands from the terminal or from standard input", {go_on}, run_shell},
        {"help", {}, "explain a command", {command_name}, help}};
    return table;
}

}  // namespace kv
