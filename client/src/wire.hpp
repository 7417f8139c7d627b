// PostgreSQL's binary format: parameters out, results in.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kvstore/arguments.hpp"
#include "kvstore/results.hpp"
#include "kvstore/time.hpp"

namespace kvstore::detail {

// An argument of a function: its type, and its bytes, seen or owned, or none for null.
struct parameter {
    const char *type;
    std::variant<std::monostate, std::string_view, std::string> bytes;
    bool binary = true;
    const char *name = nullptr;  // passed by name instead of position

    const char *data() const;
    std::size_t size() const;
    parameter owned() &&;  // with bytes of its own
};

parameter to_parameter(std::string_view text);
parameter to_parameter(const value_view &value);
parameter to_parameter(bool flag);
parameter to_parameter(std::int32_t number);
parameter to_parameter(std::int64_t number);
parameter to_parameter(double number);
parameter to_parameter(time_to_live time);
parameter to_parameter(time_point time);
parameter to_parameter(std::span<const std::byte> bytes);
parameter to_parameter(std::span<const std::string_view> texts);

// The same, as bytes.
struct all_bytes {
    std::span<const std::string_view> values;
};
parameter to_parameter(all_bytes values);

// The type regtype or regclass, by name.
parameter name_parameter(const char *type, std::string_view value);

// A regclass that is null if there is no name.
struct another_store {
    std::string_view name;
};
parameter to_parameter(another_store store);

template <class T>
parameter to_parameter(const std::optional<T> &argument) {
    if (argument)
        return to_parameter(*argument);
    parameter null = to_parameter(T());
    null.bytes = std::monostate();
    return null;
}

using result = std::unique_ptr<PGresult, decltype(&PQclear)>;

// What a statement returned, as what it is expected to be: nothing, the first field, or all rows.
// decode_error if it is not. For the types that operations return; see the end of wire.cpp.
template <class R>
R decode(const PGresult *from);

}  // namespace kvstore::detail
