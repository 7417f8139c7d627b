// Arrays as PostgreSQL receives them in binary.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "times.hpp"

namespace kv {

constexpr std::uint32_t bytea_oid = 17;
constexpr std::uint32_t text_oid = 25;
constexpr std::uint32_t timestamptz_oid = 1184;

class array_writer {
  public:
    array_writer(std::uint32_t element_type, std::size_t size) {
        append<std::int32_t>(bytes_, 1);  // dimensions
        append<std::int32_t>(bytes_, 0);  // no nulls
        append(bytes_, element_type);
        append(bytes_, static_cast<std::uint32_t>(size));
        append<std::int32_t>(bytes_, 1);  // the first subscript
    }

    void add(std::string_view element) {
        append(bytes_, static_cast<std::uint32_t>(element.size()));
        bytes_ += element;
    }

    void add(server_time element) {
        append<std::uint32_t>(bytes_, sizeof element);
        append(bytes_, element);
    }

    const std::string &bytes() const { return bytes_; }

  private:
    // The most significant byte first.
    template <std::integral Number>
    static void append(std::string &bytes, Number number) {
        for (int shift = 8 * (sizeof number - 1); shift >= 0; shift -= 8)
            bytes += static_cast<char>(number >> shift & 255);
    }

    std::string bytes_;
};

}  // namespace kv
