#include "wire.hpp"

#include <bit>
#include <charconv>
#include <concepts>
#include <limits>

#include "kvstore/error.hpp"

namespace kvstore::detail {

namespace {

using std::chrono::microseconds;

constexpr std::int32_t bytea_oid = 17;
constexpr std::int32_t text_oid = 25;

// PostgreSQL counts from the year 2000, and keeps the last number for infinity.
constexpr time_point epoch{std::chrono::sys_days{std::chrono::year{2000} / 1 / 1}};
constexpr std::int64_t infinity = std::numeric_limits<std::int64_t>::max();

template <std::integral Number>
void append(std::string &to, Number number) {
    for (int shift = 8 * (sizeof number - 1); shift >= 0; shift -= 8)
        to.push_back(static_cast<char>(number >> shift));
}

template <std::integral Number>
std::string bytes_of(Number number) {
    std::string bytes;
    append(bytes, number);
    return bytes;
}

std::int32_t length_of(std::string_view text) {
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
        throw sql_error("a key or a value of 2 GB or more cannot be sent", "54000");
    return static_cast<std::int32_t>(text.size());
}

std::string array_of(std::span<const std::string_view> elements, std::int32_t type) {
    std::string array;
    append<std::int32_t>(array, elements.empty() ? 0 : 1);  // dimensions
    append<std::int32_t>(array, 0);                         // no nulls
    append<std::int32_t>(array, type);
    if (!elements.empty()) {
        append<std::int32_t>(array, static_cast<std::int32_t>(elements.size()));
        append<std::int32_t>(array, 1);  // the first index
    }
    for (std::string_view each : elements) {
        append(array, length_of(each));
        array += each;
    }
    return array;
}

// --- Results -----------------------------------------------------------------------------------

// One field.
struct field {
    const PGresult *result;
    int row;
    int column;

    bool is_null() const {
        if (column < 0 || column >= PQnfields(result) || row >= PQntuples(result))
            throw decode_error("the server's result lacks what was asked for");
        return PQgetisnull(result, row, column) != 0;
    }

    std::string_view bytes() const {
        if (is_null())
            throw decode_error("the server's result is null where it should not be");
        return {PQgetvalue(result, row, column),
                static_cast<std::size_t>(PQgetlength(result, row, column))};
    }
};

template <std::integral Number>
Number number_at(std::string_view bytes) {
    std::make_unsigned_t<Number> number = 0;
    for (std::size_t i = 0; i < sizeof number; i++)
        number = static_cast<decltype(number)>(number << 8 | static_cast<unsigned char>(bytes[i]));
    return static_cast<Number>(number);
}

std::string_view bytes_of_size(const field &from, std::size_t size) {
    std::string_view bytes = from.bytes();
    if (bytes.size() != size)
        throw decode_error("the server's result is not of the expected type");
    return bytes;
}

void decode(const field &from, bool &into) {
    into = bytes_of_size(from, 1)[0] != 0;
}

void decode(const field &from, std::int64_t &into) {
    into = number_at<std::int64_t>(bytes_of_size(from, 8));
}

// A numeric: how many digits it has to the base of 10000, the first one's power of that, its sign,
// how many decimals are shown, and the digits.
void decode(const field &from, double &into) {
    const std::string_view bytes = from.bytes();
    if (bytes.size() < 8 || bytes.size() % 2 != 0)
        throw decode_error("the server's result is not of the expected type");
    const auto part = [&](std::size_t i) { return number_at<std::int16_t>(bytes.substr(2 * i)); };
    std::string decimals = part(2) == 0 ? "" : "-";
    for (std::size_t i = 4; i < bytes.size() / 2; i++)
        decimals += std::to_string(10'000 + part(i)).substr(1);
    decimals += "0e" + std::to_string(4 * (part(1) + 1 - part(0)) - 1);
    const char *end = decimals.data() + decimals.size();
    if (std::from_chars(decimals.data(), end, into).ec != std::errc())
        throw decode_error("the server's result does not fit into a double");
}

void decode(const field &from, std::string &into) {
    into = from.bytes();
}

void decode(const field &from, byte_vector &into) {
    const auto *begin = reinterpret_cast<const std::byte *>(from.bytes().data());
    into.assign(begin, begin + from.bytes().size());
}

// An interval: microseconds, days, months. As PostgreSQL does, a month is taken for 30 days.
void decode(const field &from, microseconds &into) {
    std::string_view bytes = bytes_of_size(from, 16);
    into = microseconds(number_at<std::int64_t>(bytes)) +
           std::chrono::days(number_at<std::int32_t>(bytes.substr(8))) +
           30 * std::chrono::days(number_at<std::int32_t>(bytes.substr(12)));
}

void decode(const field &from, time_point &into) {
    auto number = number_at<std::int64_t>(bytes_of_size(from, 8));
    constexpr std::int64_t last = (never - epoch).count();
    into = number > last ? never : epoch + microseconds(number);  // so infinity is never
}

template <class T>
void decode(const field &from, std::optional<T> &into) {
    into.reset();
    if (!from.is_null())
        decode(from, into.emplace());
}

template <class T>
void decode_all(const PGresult *from, T &into) {
    decode(field{from, 0, 0}, into);
}

template <class Value>
void decode_all(const PGresult *from, std::vector<std::optional<Value>> &into) {
    constexpr int value_column = 1;
    for (int row = 0; row < PQntuples(from); row++)
        decode(field{from, row, value_column}, into.emplace_back());
}

template <class Value>
void decode_all(const PGresult *from, std::vector<basic_entry<Value>> &into) {
    for (int row = 0; row < PQntuples(from); row++) {
        basic_entry<Value> &each = into.emplace_back();
        decode(field{from, row, 0}, each.key);
        decode(field{from, row, 1}, each.value);
        decode(field{from, row, 2}, each.expires);
    }
}

void decode_all(const PGresult *from, rate_limit_result &into) {
    decode(field{from, 0, 0}, into.allowed);
    decode(field{from, 0, 1}, into.count);
    decode(field{from, 0, 2}, into.remaining);
    decode(field{from, 0, 3}, into.resets);
}

void decode_all(const PGresult *from, std::vector<store_stats> &into) {
    for (int row = 0; row < PQntuples(from); row++) {
        store_stats &each = into.emplace_back();
        auto named = [&](const char *column) { return field{from, row, PQfnumber(from, column)}; };
        decode(named("name"), each.name);
        decode(named("entries_estimated"), each.entries_estimated);
        decode(named("live_tuples"), each.live_tuples);
        decode(named("dead_tuples"), each.dead_tuples);
        decode(named("table_bytes"), each.table_bytes);
        decode(named("index_bytes"), each.index_bytes);
        decode(named("toast_bytes"), each.toast_bytes);
        decode(named("hits"), each.hits);
        decode(named("misses"), each.misses);
        decode(named("sets"), each.sets);
        decode(named("deletes"), each.deletes);
        decode(named("expired_removed"), each.expired_removed);
        decode(named("last_sweep"), each.last_sweep);
        decode(named("last_sweep_took"), each.last_sweep_took);
        decode(named("last_sweep_left"), each.last_sweep_left);
        decode(named("max_size"), each.max_size);
        decode(named("evicted"), each.evicted);
        decode(named("last_sweep_pages"), each.last_sweep_pages);
        decode(named("last_sweep_removed"), each.last_sweep_removed);
        decode(named("entry_bytes"), each.entry_bytes);
    }
}

}  // namespace

// --- Parameters --------------------------------------------------------------------------------

const char *parameter::data() const {
    if (const auto *owned = std::get_if<std::string>(&bytes))
        return owned->data();
    const auto *seen = std::get_if<std::string_view>(&bytes);
    if (seen == nullptr)
        return nullptr;
    return seen->data() != nullptr ? seen->data() : "";  // no bytes are not null
}

std::size_t parameter::size() const {
    if (const auto *owned = std::get_if<std::string>(&bytes))
        return owned->size();
    const auto *seen = std::get_if<std::string_view>(&bytes);
    return seen != nullptr ? seen->size() : 0;
}

parameter parameter::owned() && {
    if (const auto *seen = std::get_if<std::string_view>(&bytes))
        bytes = std::string(*seen);
    return std::move(*this);
}

parameter to_parameter(std::string_view text) {
    return {"text", text};
}

parameter to_parameter(const value_view &value) {
    return {value.is_bytes() ? "bytea" : "text", value.data()};
}

parameter to_parameter(bool flag) {
    return {"bool", std::string(1, flag ? '\1' : '\0')};
}

parameter to_parameter(std::int32_t number) {
    return {"int4", bytes_of(number)};
}

parameter to_parameter(std::int64_t number) {
    return {"int8", bytes_of(number)};
}

parameter to_parameter(double number) {
    return {"float8", bytes_of(std::bit_cast<std::int64_t>(number))};
}

// An interval: microseconds, days, months.
parameter to_parameter(time_to_live time) {
    std::string bytes = bytes_of(std::int64_t{time.count().count()});
    append<std::int32_t>(bytes, 0);
    append<std::int32_t>(bytes, 0);
    return {"interval", std::move(bytes)};
}

parameter to_parameter(time_point time) {
    // What is before the server's calendar is left for it to refuse.
    std::int64_t number = infinity;
    if (time != never)
        number = time.time_since_epoch().count() <
                         std::numeric_limits<std::int64_t>::min() + epoch.time_since_epoch().count()
                     ? std::numeric_limits<std::int64_t>::min() + 1
                     : (time - epoch).count();
    return {"timestamptz", bytes_of(number)};
}

parameter to_parameter(std::span<const std::byte> bytes) {
    return {"bytea", std::string_view(reinterpret_cast<const char *>(bytes.data()), bytes.size())};
}

parameter to_parameter(std::span<const std::string_view> texts) {
    return {"text[]", array_of(texts, text_oid)};
}

parameter to_parameter(all_bytes values) {
    return {"bytea[]", array_of(values.values, bytea_oid)};
}

parameter name_parameter(const char *type, std::string_view value) {
    if (value.find('\0') != value.npos)  // where its end would be for libpq
        throw sql_error("invalid name syntax: a name has no zero byte", "42602");
    return {type, std::string(value), false};  // a copy, since libpq wants an end to it
}

parameter to_parameter(another_store store) {
    parameter named = name_parameter("regclass", store.name);
    if (store.name.empty())
        named.bytes = std::monostate();
    return named;
}

// --- The types that operations return ----------------------------------------------------------

template <class R>
R decode(const PGresult *from) {
    R into{};
    decode_all(from, into);
    return into;
}

template <>
void decode(const PGresult *) {}

template bool decode(const PGresult *);
template std::int64_t decode(const PGresult *);
template double decode(const PGresult *);
template std::optional<std::string> decode(const PGresult *);
template std::optional<byte_vector> decode(const PGresult *);
template std::optional<microseconds> decode(const PGresult *);
template std::optional<time_point> decode(const PGresult *);
template std::vector<std::optional<std::string>> decode(const PGresult *);
template std::vector<std::optional<byte_vector>> decode(const PGresult *);
template std::vector<entry> decode(const PGresult *);
template std::vector<entry_bytes> decode(const PGresult *);
template rate_limit_result decode(const PGresult *);
template std::vector<store_stats> decode(const PGresult *);

}  // namespace kvstore::detail
