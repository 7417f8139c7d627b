// The table of the commands, and of the options of the program.
#include "command_line.hpp"
#include "expiry_commands.hpp"
#include "key_commands.hpp"
#include "shell.hpp"
#include "statistics.hpp"
#include "store_commands.hpp"
#include "transfer.hpp"
#include "value_commands.hpp"

namespace kv {

namespace {

// --- Arguments ---------------------------------------------------------------------------------

constexpr bool required = true;
constexpr bool redis = true;
constexpr const char *ttl_help = "how long it lives: seconds, or as in 500ms, 1h30m, 2d";

const argument the_key{
    .name = "KEY", .help = "of the entry", .into = &arguments::key, .required = required};
const argument new_key{
    .name = "NEW-KEY", .help = "where it goes", .into = &arguments::new_key, .required = required};
const argument to_store{.name = "--to",
                        .takes = "STORE",
                        .help = "where it goes, if not in its own store",
                        .into = &arguments::to_store};
const argument replace{
    .name = "--replace", .help = "also if there is an entry", .into = &arguments::replace};
const argument several_keys{
    .name = "KEY", .help = "of an entry", .into = &arguments::keys, .required = required};
const argument pairs{.name = "KEY-VALUE",
                     .help = "keys, each followed by its value",
                     .into = &arguments::pairs,
                     .required = required,
                     .usage = "KEY VALUE ...",
                     .is_value = true};
const argument value{.name = "VALUE",
                     .help = "what to store; - reads it from standard input",
                     .into = &arguments::value,
                     .required = required,
                     .is_value = true};
const argument set_words{.name = "OPTION",
                         .help = "as in Redis: how long it lives, and on which condition",
                         .into = &arguments::words,
                         .usage = "[EX SECONDS | PX MILLISECONDS] [NX | XX | GET | KEEPTTL]"};
const argument expected{.name = "EXPECTED",
                        .help = "the value that must be there",
                        .into = &arguments::expected,
                        .required = required,
                        .is_value = true};
const argument ttl{.name = "TTL", .help = ttl_help, .into = &arguments::ttl, .required = required};
const argument ttl_words{.name = "TTL",
                         .help = ttl_help,
                         .into = &arguments::words,
                         .required = required,
                         .usage = "{TTL | EX SECONDS | PX MILLISECONDS}"};
const argument ttl_option{
    .name = "--ttl", .takes = "TTL", .help = ttl_help, .into = &arguments::ttl};
const argument slack{.name = "--slack",
                     .takes = "TTL",
                     .help = "leave the expiry as it is if that gains less",
                     .into = &arguments::slack};
const argument most{.name = "MAX",
                    .help = "how much is allowed in a period",
                    .into = &arguments::max,
                    .required = required};
const argument period{.name = "PERIOD",
                      .help = "seconds, or as in 500ms, 1m, 1d",
                      .into = &arguments::period,
                      .required = required};
const argument cost{.name = "COST", .help = "of this call [1]", .into = &arguments::cost};
const argument milliseconds{.name = "MILLISECONDS",
                            .help = "how long it lives",
                            .into = &arguments::ttl,
                            .required = required};
const argument time{.name = "TIME",
                    .help = "as SQL writes it, such as 2030-01-01 or tomorrow; or Unix time",
                    .into = &arguments::time,
                    .required = required};
const argument condition{.name = "CONDITION",
                         .help =
                             "nx: if it does not expire yet, xx: if it does, gt: only later, "
                             "lt: only sooner",
                         .into = &arguments::condition};
const argument milliseconds_since_1970{
    .name = "MILLISECONDS", .help = "Unix time", .into = &arguments::time, .required = required};
const argument by{.name = "BY", .help = "how much; may be negative [1]", .into = &arguments::by};
const argument number{
    .name = "BY", .help = "how much, such as 0.5; may be negative [1]", .into = &arguments::number};
const argument prefix{.name = "PREFIX", .help = "of the keys", .into = &arguments::prefix};
const argument required_prefix{
    .name = "PREFIX", .help = "of the keys", .into = &arguments::prefix, .required = required};
const argument pattern{
    .name = "PATTERN", .help = "with *, ? and [..] [*]", .into = &arguments::pattern};
const argument prefix_option{.name = "--prefix",
                             .takes = "PREFIX",
                             .help = "only keys that begin with this",
                             .into = &arguments::prefix};
const argument after{.name = "--after",
                     .takes = "KEY",
                     .help = "only keys after this one",
                     .into = &arguments::after};
const argument max{
    .name = "--max", .takes = "N", .help = "at most so many", .into = &arguments::max, .least = 0};
const argument with_values{
    .name = "--values", .help = "print values too, after a tab", .into = &arguments::with_values};
const argument name{.name = "NAME",
                    .help = "as SQL writes it: sessions, app.sessions",
                    .into = &arguments::name,
                    .required = required};
const argument optional_name{
    .name = "NAME", .help = "of a store; all of them without it", .into = &arguments::name};
const argument logged{.name = "--logged",
                      .help = "kept through a crash, and on standbys",
                      .into = &arguments::logged};
const argument bytes{
    .name = "--bytes", .help = "for values that are not text", .into = &arguments::bytes};
const argument size{.name = "SIZE",
                    .help = "such as 100MB; none takes the limit away",
                    .into = &arguments::size,
                    .required = required};
const argument evict{.name = "--evict",
                     .takes = "ORDER",
                     .help = "who goes first: soonest to expire, or oldest written [soonest]",
                     .into = &arguments::evict,
                     .one_of = {"soonest", "oldest"}};
const argument file{
    .name = "FILE", .help = "- is standard input or output [-]", .into = &arguments::file};
const argument go_on{
    .name = "--continue", .help = "go on after an error", .into = &arguments::go_on};
const argument interval{.name = "--interval",
                        .takes = "SECONDS",
                        .help = "time between two looks [2]",
                        .into = &arguments::interval,
                        .least = 0,
                        .most = 86400};
const argument looks{.name = "--count",
                     .takes = "N",
                     .help = "look so often, then end",
                     .into = &arguments::max,
                     .least = 1};
const argument command_name{
    .name = "COMMAND", .help = "which to explain; all without it", .into = &arguments::name};

// --- The tables --------------------------------------------------------------------------------

const std::vector<command> all_commands{
    {"get", {}, "print the value of an entry", {the_key}, get},
    {"set", {}, "store a value", {the_key, value, set_words, ttl_option}, set},
    {"setex", {}, "store a value that expires", {the_key, ttl, value}, set},
    {"setnx", {}, "store a value if there is no entry", {the_key, value, ttl_option}, setnx},
    {"setxx", {}, "store a value if there is an entry", {the_key, value, ttl_option}, setxx},
    {"append",
     {},
     "add to the end of a value, and print its length in bytes",
     {the_key, value},
     append},
    {"getset", {}, "store a value, and print the one it replaces", {the_key, value}, getset},
    {"cas",
     {},
     "store a value if the present one is the expected one",
     {the_key, expected, value, ttl_option},
     cas},
    {"getex", {}, "print a value, and set its TTL anew", {the_key, ttl_words, slack}, getex},
    {"getdel", {}, "print a value, and remove the entry", {the_key}, getdel},
    {"del",
     {"mdel", "unlink"},
     "remove entries, and print how many there were",
     {several_keys},
     del},
    {"delif", {}, "remove an entry if it has the expected value", {the_key, expected}, delif},
    {"rename", {}, "give an entry another key", {the_key, new_key, to_store}, rename},
    {"renamenx",
     {},
     "give an entry another key if there is no entry",
     {the_key, new_key, to_store},
     renamenx},
    {"copy", {}, "copy an entry", {the_key, new_key, replace, to_store}, copy},
    {"exists",
     {},
     "tell whether there is an entry; of several keys, how many",
     {several_keys},
     exists},
    {"incr",
     {"incrby"},
     "add to a counter, and print the sum; --ttl is for a new one",
     {the_key, by, ttl_option},
     incr},
    {"decr",
     {"decrby"},
     "subtract from a counter; --ttl is for a new one",
     {the_key, by, ttl_option},
     decr},
    {"incrfloat",
     {"incrbyfloat"},
     "add to a number with a fraction, and print the sum; --ttl is for a new one",
     {the_key, number, ttl_option},
     incrfloat},
    {"ratelimit",
     {},
     "count a call; print whether it is allowed, the count, what remains, when it resets",
     {the_key, most, period, cost},
     ratelimit},
    {"ttl",
     {},
     "print the seconds that an entry has left, -1 if it does not expire",
     {the_key},
     ttl_left},
    {"expires", {}, "print when an entry expires, infinity if it does not", {the_key}, expires},
    {"expire", {}, "set the TTL of an entry", {the_key, ttl, condition}, expire},
    {"expireat", {}, "set when an entry expires", {the_key, time, condition}, expireat},
    {"persist", {}, "make an entry not expire", {the_key}, persist},
    {"mget", {}, "print the values of several entries, each on a line", {several_keys}, mget},
    {"mset", {}, "store several values, all or none", {pairs, ttl_option}, mset},
    {"msetnx",
     {},
     "store several values if none of the keys is there",
     {pairs, ttl_option},
     msetnx},
    {"scan", {}, "print the keys in order", {prefix, after, max, with_values}, scan},
    {"count", {"dbsize"}, "print how many entries there are", {prefix}, count},
    {"delprefix", {}, "remove the entries whose keys have a prefix", {required_prefix}, delprefix},
    {"flush", {"flushdb"}, "empty the store", {}, flush},
    {"export", {}, "write entries as lines of JSON", {file, prefix_option}, export_entries},
    {"import",
     {},
     "store entries from lines of JSON, as export writes them",
     {file, go_on},
     import_entries},
    {"stores", {}, "list the stores of the database", {}, list_stores},
    {"create", {"createstore"}, "create a store", {name, logged, bytes}, create},
    {"stats",
     {"info"},
     "print the sizes and counters of stores",
     {optional_name},
     print_statistics},
    {"watch", {}, "show sizes, hit rates and traffic, until interrupted", {interval, looks}, watch},
    {"sweep", {}, "remove expired entries now, and print how many", {max}, sweep},
    {"limit", {}, "give the store a maximum size, past which it evicts", {size, evict}, limit},
    {"detour", {}, "print why writes to the store go through SQL, if they do", {}, detour},
    {"shell", {}, "read commands from the terminal or from standard input", {go_on}, run_shell},
    {"ping", {}, "see whether server and extension are there", {}, ping},
    {"help", {}, "explain a command", {command_name}, help},
    {"version", {}, "print the version", {}, version},
    {"keys", {}, "print the keys that match a pattern", {pattern}, keys, redis},
    {"psetex", {}, "setex with milliseconds", {the_key, milliseconds, value}, psetex, redis},
    {"pttl", {}, "ttl in milliseconds", {the_key}, pttl, redis},
    {"pexpire", {}, "expire with milliseconds", {the_key, milliseconds, condition}, pexpire, redis},
    {"pexpireat",
     {},
     "expireat with milliseconds of Unix time",
     {the_key, milliseconds_since_1970, condition},
     pexpireat,
     redis},
    {"expiretime",
     {},
     "expires in seconds of Unix time, -1 for never",
     {the_key},
     expiretime,
     redis},
    {"pexpiretime", {}, "the same in milliseconds", {the_key}, pexpiretime, redis}};

const std::vector<option> all_options{
    {.name = "-s,--store",
     .takes = "NAME",
     .help = "the store to work on [kv_store]",
     .into = &options::store},
    {.name = "--json", .help = "print JSON, one document on each line", .into = &options::json},
    // What follows is not for a line of the shell.
    {.name = "-d,--dbname",
     .takes = "NAME",
     .help = "database, connection string or URI",
     .into = &options::dbname},
    {.name = "-h,--host",
     .takes = "HOST",
     .help = "host, or folder of the socket",
     .into = &options::host},
    {.name = "-p,--port", .takes = "PORT", .help = "port", .into = &options::port},
    {.name = "-U,--username", .takes = "NAME", .help = "user", .into = &options::user},
    {.name = "-w,--no-password", .help = "do not ask for a password", .into = &options::never_ask},
    {.name = "--schema",
     .takes = "NAME",
     .help = "schema of the extension, which is otherwise looked up",
     .into = &options::schema},
    {.name = "--help", .help = "print this, or after a command its help", .into = &options::help},
    {.name = "--version", .help = "print the version", .into = &options::version}};

constexpr std::size_t shell_option_count = 2;

}  // namespace

std::span<const command> commands() {
    return all_commands;
}

std::span<const option> program_options() {
    return all_options;
}

std::span<const option> shell_options() {
    return program_options().first(shell_option_count);
}

}  // namespace kv
