# Expands the FUNCTION statements of kvstore.sql, and passes on everything else:
#
#   FUNCTION kv_name(argument type [, ttl TTL], .., store) RETURNS type attributes
#   IS 'comment';
#
# becomes CREATE FUNCTION and COMMENT ON FUNCTION, in the extension's schema, with types of
# pg_catalog, once for each combination of the types that these words stand for, the same
# wherever the word stands:
#
#   VALUE   text, bytea             symbol kv_name_bytes
#   BY      bigint, integer, ..     symbol kv_name_by_integer, ..
#   REAL    numeric, integer, ..    symbol kv_name_by_integer, ..
#   TTL     interval, integer, ..   symbol kv_name_interval, kv_name_integer, ..
#
# What is in brackets is there with a TTL and not without. In a comment {a|b} is a with a TTL and b
# without. A mere store is the last argument of most, with its default.

BEGIN {
    value_count = split("text,bytea", value_type, ",")
    split(",_bytes", value_symbol, ",")

    by_count = split("bigint,integer,smallint,text", by_type, ",")
    split(",_by_integer,_by_smallint,_by_text", by_symbol, ",")

    real_count = split("numeric,double precision,bigint,integer,text", real_type, ",")
    split(",_by_double,_by_bigint,_by_integer,_by_text", real_symbol, ",")

    ttl_count = split("interval,double precision,integer,text", ttl_type, ",")
    split("_interval,_seconds,_integer,_text", ttl_symbol, ",")
    split("an interval,seconds,seconds,an interval or seconds in words", ttl_meaning, ",")

    split("text bytea regclass regtype timestamptz void trigger", names, " ")
    for (i in names)
        in_pg_catalog[names[i]] = 1
}

/^FUNCTION / { statement = ""; inside = 1 }
!inside { print; next }
{ statement = statement (statement == "" ? "" : " ") $0 }
/;$/ { inside = 0; gsub(/  +/, " ", statement); expand(statement) }

function expand(statement,    value, i) {
    for (value = 1; value <= (statement ~ /VALUE/ ? value_count : 1); value++)
        if (statement ~ / BY \[/)
            for (i = 1; i <= by_count; i++)
                expand_ttl(with_number(with_value(statement, value), " BY \\[", by_type[i], i), by_symbol[i])
        else if (statement ~ / REAL \[/)
            for (i = 1; i <= real_count; i++)
                expand_ttl(with_number(with_value(statement, value), " REAL \\[", real_type[i], i), real_symbol[i])
        else
            expand_ttl(with_value(statement, value), statement ~ /VALUE/ ? value_symbol[value] : "")
}

function with_value(statement, value) {
    gsub(/VALUE/, value_type[value], statement)
    return statement
}

# The first with a default for the commonest call: kv_incr(key).
function with_number(statement, word, type, n) {
    sub(word, " " type (n == 1 ? " DEFAULT 1" : "") " [", statement)
    return statement
}

function expand_ttl(statement, symbol,    ttl, one) {
    if (statement ~ /\[, [^]]*TTL/ || statement !~ /TTL/)
        create(without_ttl(statement), symbol)
    for (ttl = 1; statement ~ /TTL/ && ttl <= ttl_count; ttl++) {
        one = with_ttl(statement)
        one = substr(one, 1, length(one) - 2) "; " (statement ~ /period TTL/ ? "period" : "ttl") ": " ttl_meaning[ttl] "';"
        gsub(/TTL/, ttl_type[ttl], one)
        create(one, symbol ttl_symbol[ttl])
    }
}

function without_ttl(statement) {
    sub(/ \[, [^]]*TTL\]/, "", statement)
    return choose(statement, 2)
}

# The arguments before one without a default have none.
function with_ttl(statement) {
    if (sub(/ \[, ttl TTL\]/, ", ttl TTL", statement))
        sub(/ DEFAULT 1, ttl/, ", ttl", statement)
    return choose(statement, 1)
}

# The first or the second of each {a|b}.
function choose(statement, which,    both) {
    while (match(statement, /\{[^}]*\}/)) {
        split(substr(statement, RSTART + 1, RLENGTH - 2), both, "|")
        statement = substr(statement, 1, RSTART - 1) both[which] substr(statement, RSTART + RLENGTH)
    }
    return statement
}

function create(statement, symbol,    name, arguments, rest, comment, end, returned) {
    sub(/^FUNCTION /, "", statement)
    name = statement
    sub(/\(.*/, "", name)
    end = index(statement, " IS '")
    comment = substr(statement, end + 4)
    statement = substr(statement, 1, end - 1)
    end = end_of_arguments(statement)
    arguments = substr(statement, length(name) + 2, end - length(name) - 2)
    rest = substr(statement, end + 2)
    sub(/^store$/, "store regclass DEFAULT '-'", arguments)
    sub(/, store$/, ", store regclass DEFAULT '-'", arguments)
    returned = ""
    if (sub(/^RETURNS /, "", rest)) {
        match(rest, /^(TABLE \([^)]*\)|[^ ]+)/)
        returned = substr(rest, 1, RLENGTH)
        rest = substr(rest, RLENGTH + 2)
        if (sub(/^TABLE \(/, "", returned))
            returned = "TABLE (" qualified(substr(returned, 1, length(returned) - 1)) ")"
        else
            returned = type(returned)
        returned = "RETURNS " returned "\n"
    }
    printf "CREATE FUNCTION @extschema@.%s(%s)\n%sLANGUAGE c %s AS 'MODULE_PATHNAME'%s;\n", \
        name, qualified(arguments), returned, rest, (symbol == "" ? "" : ", '" name symbol "'")
    printf "COMMENT ON FUNCTION @extschema@.%s(%s) IS %s\n", name, types(arguments), comment
}

# Of those parentheses that come first.
function end_of_arguments(statement,    depth, i, c) {
    for (i = index(statement, "("); i <= length(statement); i++) {
        c = substr(statement, i, 1)
        depth += c == "(" ? 1 : c == ")" ? -1 : 0
        if (depth == 0)
            return i
    }
}

function type(name,    plain) {
    plain = name
    sub(/\[\]$/, "", plain)
    return plain in in_pg_catalog ? "pg_catalog." name : name
}

# "key text, n integer DEFAULT 1" with each type's schema.
function qualified(arguments,    list, count, i, result) {
    count = split(arguments, list, /, */)
    for (i = 1; i <= count; i++)
        result = result (i == 1 ? "" : ", ") with_type(list[i], 1)
    return result
}

# The types alone, of arguments that go in.
function types(arguments,    list, count, i, result) {
    count = split(arguments, list, /, */)
    for (i = 1; i <= count; i++)
        if (list[i] !~ /^OUT /)
            result = result (result == "" ? "" : ", ") with_type(list[i], 0)
    return result
}

# One argument: all of it, or its type.
function with_type(argument, all,    mode, name, rest, default_) {
    mode = ""
    if (sub(/^OUT /, "", argument))
        mode = "OUT "
    name = argument
    sub(/ .*/, "", name)
    rest = substr(argument, length(name) + 2)
    default_ = ""
    if (match(rest, / DEFAULT .*/)) {
        default_ = substr(rest, RSTART)
        rest = substr(rest, 1, RSTART - 1)
    }
    return all ? mode name " " type(rest) default_ : type(rest)
}
