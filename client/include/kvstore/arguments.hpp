/// @file
/// What the calls take, in whatever form the caller has it. All of these are views: what they
/// were made from must live until the call returns, as it does in `client.set("k", "v")`.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)
namespace kvstore {

/// A value to be stored: text, or bytes. Text is UTF-8; bytes may be anything, in a store of
/// bytea, and must be valid text in a store of text (sql_error 22021).
class value_view {
  public:
    /// @param text  a std::string, a std::string_view, a literal
    template <std::convertible_to<std::string_view> Text>
    value_view(const Text &text) : data_(text) {}  // NOLINT: implicit, that is its point

    /// @param bytes  a std::vector or an array of std::byte, or a span of them
    template <std::convertible_to<std::span<const std::byte>> Bytes>
    value_view(const Bytes &bytes)  // NOLINT: implicit, that is its point
        : data_(from(bytes)), is_bytes_(true) {}

    /// @return the bytes of either
    std::string_view data() const noexcept { return data_; }

    /// @return whether it was made from bytes
    bool is_bytes() const noexcept { return is_bytes_; }

  private:
    static std::string_view from(std::span<const std::byte> bytes) {
        return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
    }

    std::string_view data_;
    bool is_bytes_ = false;
};

/// Keys: `{"a", "b"}`, or any range of strings.
class key_list {
  public:
    /// @param keys  written out
    key_list(std::initializer_list<std::string_view> keys) : keys_(keys) {}

    /// @param keys  a container of strings or string_views; not a view that makes them up
    template <std::ranges::input_range Range>
    requires std::is_lvalue_reference_v<std::ranges::range_reference_t<const Range>> &&
        std::convertible_to<std::ranges::range_reference_t<const Range>, std::string_view>
        key_list(const Range &keys) {  // NOLINT: implicit, that is its point
        for (const auto &key : keys)
            keys_.emplace_back(key);
    }

    /// @return the keys in the order given
    std::span<const std::string_view> keys() const noexcept { return keys_; }

  private:
    std::vector<std::string_view> keys_;
};

/// Keys with values: `{{"a", "1"}, {"b", "2"}}`, a std::map, or any range of pairs of a string
/// and a value, which is text or bytes.
class entry_list {
  public:
    /// @param entries  written out
    entry_list(std::initializer_list<std::pair<std::string_view, value_view>> entries) {
        for (const auto &[key, value] : entries)
            add(key, value);
    }

    /// @param entries  a container of pairs; not a view that makes them up
    template <std::ranges::input_range Range>
    requires std::is_lvalue_reference_v<std::ranges::range_reference_t<const Range>> &&
        requires(std::ranges::range_reference_t<const Range> entry) {
        { entry.first } -> std::convertible_to<std::string_view>;
        { entry.second } -> std::convertible_to<value_view>;
    }
    entry_list(const Range &entries) {  // NOLINT: implicit, that is its point
        for (const auto &[key, value] : entries)
            add(key, value);
    }

    /// @return the keys in the order given
    std::span<const std::string_view> keys() const noexcept { return keys_; }

    /// @return the bytes of each key's value
    std::span<const std::string_view> values() const noexcept { return values_; }

    /// @return whether one of the values is bytes
    bool has_bytes() const noexcept { return has_bytes_; }

  private:
    void add(std::string_view key, const value_view &value) {
        keys_.push_back(key);
        values_.push_back(value.data());
        has_bytes_ = has_bytes_ || value.is_bytes();
    }

    std::vector<std::string_view> keys_;
    std::vector<std::string_view> values_;
    bool has_bytes_ = false;
};

}  // namespace kvstore
#pragma GCC visibility pop
