#include "sql_front.hpp"

#include <charconv>
#include <stdexcept>

namespace history {

namespace {

// A statement, with its parameters or with literals in their places.
class statement {
  public:
    statement(const connection &on, bool has_parameters)
        : on_(on), has_parameters_(has_parameters) {}

    statement &operator<<(const std::string &text) {
        sql_ += text;
        return *this;
    }

    // An argument of that type.
    std::string argument(const char *type, const std::optional<std::string> &value) {
        const std::string cast = std::string("::") + type;
        if (!has_parameters_)
            return (value ? on_.literal(*value) : "NULL") + cast;
        parameters_.push_back(value);
        return "$" + std::to_string(parameters_.size()) + cast;
    }
    std::string text(const std::optional<std::string> &value) { return argument("text", value); }
    std::string number(std::int64_t value) { return argument("bigint", std::to_string(value)); }

    // In one of the types that there are; each gives the same microseconds.
    std::string time(micros time, micros chooses) {
        if (chooses % 3 == 0)
            return argument("interval", std::to_string(time) + " microseconds");
        if (chooses % 3 == 1)
            return argument("text", std::to_string(time) + " microseconds");
        const std::string fraction = std::to_string(1'000'000 + time % 1'000'000).substr(1);
        return argument("float8", std::to_string(time / 1'000'000) + "." + fraction);
    }
    std::string time(micros time) { return this->time(time, time); }

    const std::string &sql() const { return sql_; }
    const std::vector<std::optional<std::string>> &parameters() const { return parameters_; }

  private:
    const connection &on_;
    bool has_parameters_;
    std::string sql_;
    std::vector<std::optional<std::string>> parameters_;
};

// A time or an interval in microseconds, NULL and infinity as they are.
std::string in_micros(const std::string &expression) {
    return "CASE WHEN " + expression + "::text = 'infinity' THEN " + std::to_string(never) +
           " ELSE (extract(epoch FROM " + expression + ") * 1000000)::bigint END";
}

std::string array_of(const std::vector<std::string> &texts) {
    std::string array = "{";
    for (const std::string &each : texts)
        array += (array.size() > 1 ? "," : "") + each;  // digits, letters and dots
    return array + "}";
}

// The function's name and arguments, but for the store.
std::string call_of(const operation &what, statement &in) {
    const std::string key = in.text(key_name(what.keys[0]));
    const auto value = [&] { return ", " + in.text(what.values[0]); };
    const auto ttl = [&] { return what.ttl > 0 ? ", " + in.time(what.ttl) : ""; };
    switch (what.what) {
        case verb::set:
            return (what.ttl > 0 ? "kv_set_ex(" : "kv_set(") + key + value() + ttl();
        case verb::set_nx:
        case verb::set_xx:
            return "kv_" + to_string(what.what) + "(" + key + value() + ttl();
        case verb::get_set:
        case verb::append:
            return "kv_" + to_string(what.what) + "(" + key + value();
        case verb::cas: {
            const std::string expected = ", " + in.text(what.expected);
            return "kv_cas(" + key + expected + value() + ttl();
        }
        case verb::incr: {
            const std::string by = ", " + in.number(what.number);
            return "kv_incr(" + key + by + ttl();
        }
        case verb::rate_limit: {
            const std::string most = ", " + in.number(what.most);
            const std::string period = ttl();
            return "kv_rate_limit(" + key + most + period + ", " + in.number(what.number);
        }
        case verb::get_ex: {
            const std::string time = ttl();
            return "kv_get_ex(" + key + time +
                   (what.slack > 0 ? ", " + in.time(what.slack, what.ttl) : "");
        }
        case verb::expire:
            return "kv_expire(" + key + ttl();
        case verb::expire_at:
            return "kv_expire_at(" + key + ", " +
                   (what.at == never
                        ? "'infinity'"
                        : "timestamptz 'epoch' + " +
                              in.argument("interval", std::to_string(what.at) + " microseconds"));
        case verb::del_if:
            return "kv_del_if(" + key + ", " + in.text(what.expected);
        default:
            return "kv_" + to_string(what.what) + "(" + key;
    }
}

std::string call_on_many(const operation &what, statement &in) {
    const std::string keys = in.argument("text[]", array_of(key_names(what)));
    if (what.what != verb::mset)
        return "kv_" + to_string(what.what) + "(" + keys;
    const std::string values = in.argument("text[]", array_of(what.values));
    return "kv_mset(" + keys + ", " + values + (what.ttl > 0 ? ", " + in.time(what.ttl) : "");
}

void write(const operation &what, const std::string &store, statement &in) {
    const std::string last = ", store => '" + store + "')";
    switch (what.what) {
        case verb::ttl:
        case verb::expires:
            in << "SELECT " + in_micros("e") + " FROM " + call_of(what, in) + last + " e";
            break;
        case verb::rate_limit:
            in << "SELECT allowed, count, " + in_micros("resets") + " FROM " + call_of(what, in) +
                      last;
            break;
        case verb::mget:
            in << "SELECT value FROM " + call_on_many(what, in) + last;
            break;
        case verb::mset:
        case verb::mdel:
            in << "SELECT " + call_on_many(what, in) + last;
            break;
        default:
            in << "SELECT " + call_of(what, in) + last;
    }
}

std::int64_t integer(const std::string &text) {
    std::int64_t number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc())
        throw std::runtime_error("not a number: " + text);
    return number;
}

std::optional<micros> time_of(const std::optional<std::string> &field) {
    return field ? std::optional(integer(*field)) : std::nullopt;
}

answer read(const operation &what, const rows &found) {
    const auto &first = found.all.at(0);
    switch (what.what) {
        case verb::get:
        case verb::get_set:
        case verb::get_ex:
        case verb::get_del:
            return {.values = {first[0]}};
        case verb::mget: {
            answer all;
            for (const auto &each : found.all)
                all.values.push_back(each[0]);
            return all;
        }
        case verb::set:
        case verb::mset:
        case verb::mdel:
            return {};
        case verb::ttl:
        case verb::expires:
            return {.time = time_of(first[0])};
        case verb::append:
        case verb::incr:
            return {.number = integer(first[0].value())};
        case verb::rate_limit:
            return {.yes = first[0] == "t",
                    .number = integer(first[1].value()),
                    .time = time_of(first[2])};
        default:
            return {.yes = first[0] == "t"};
    }
}

}  // namespace

sql_front::sql_front(const std::string &conninfo, const std::string &application_name,
                     std::string store, bool prepares)
    : connection_(conninfo, application_name), store_(std::move(store)), prepares_(prepares) {}

answer sql_front::perform(const operation &what) {
    try {
        statement asked(connection_, prepares_);
        write(what, store_, asked);
        return read(what, prepares_ ? connection_.run_prepared(asked.sql(), asked.parameters())
                                    : connection_.run(asked.sql()));
    } catch (const refusal &problem) {
        const bool is_cancelled = problem.sqlstate == "57014";
        return {.how = is_cancelled ? outcome::nothing : outcome::refused,
                .sqlstate = is_cancelled ? "" : problem.sqlstate};
    } catch (const connection_lost &problem) {
        return {.how = is_of_pooler(problem.what()) ? outcome::nothing : outcome::in_doubt};
    }
}

}  // namespace history
