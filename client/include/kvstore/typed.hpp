/// @file
/// Values of the application's own types, kept as JSON or in a form of one's own.
#pragma once

#include <concepts>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "kvstore/client.hpp"

#pragma GCC visibility push(default)
namespace kvstore {

/// What the library has to know about a type to keep its values. To be specialised:
///
///     struct game { std::size_t id; std::string name; };
///     NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(game, id, name)
///
///     template <>
///     struct kvstore::entry_traits<game> {
///         static constexpr std::chrono::seconds expires_in{3600};
///         static std::string key(std::size_t id) { return "game-" + std::to_string(id); }
///         static std::size_t id(const game &value) { return value.id; }
///     };
///
/// JSON for other types is told in the documentation of nlohmann-json. For another form than
/// JSON name a codec, `using codec = my_codec;`: a type like json_codec.
template <class T>
struct entry_traits;

/// How values are written by default: as JSON, by nlohmann-json.
///
/// A codec has two static functions. `encode(const T &)` returns text, as something convertible
/// to std::string_view, or bytes, as something convertible to std::span<const std::byte>.
/// `decode()` takes the same, a std::string_view or a std::span<const std::byte>, returns a T,
/// and throws decode_error if it cannot.
template <class T>
struct json_codec {
    /// @param value  of the application
    /// @return       the same as JSON
    /// @throws error  it cannot be written as JSON, such as text that is not UTF-8
    static std::string encode(const T &value) {
        try {
            return nlohmann::json(value).dump();
        } catch (const nlohmann::json::exception &problem) {
            throw error(problem.what());
        }
    }

    /// @param text  as it is stored
    /// @return      the value
    /// @throws decode_error  it is not JSON, or not that of a T
    static T decode(std::string_view text) {
        try {
            return nlohmann::json::parse(text).template get<T>();
        } catch (const nlohmann::json::exception &problem) {
            throw decode_error(problem.what());
        }
    }
};

/// entry_traits<T> is specialised.
template <class T>
concept has_entry_traits = requires {
    sizeof(entry_traits<T>);
};

/// entry_traits<T>::expires_in is a time.
template <class T>
concept has_expiry = requires {
    ttl(entry_traits<T>::expires_in);
};

/// entry_traits<T>::id() tells what identifies a value, entry_traits<T>::key() makes a key of it.
template <class T>
concept has_key = requires(const T &value) {
    { entry_traits<T>::key(entry_traits<T>::id(value)) } -> std::convertible_to<std::string>;
};

/// nlohmann-json makes JSON of a T, and a T of JSON.
template <class T>
concept has_json = requires(const T &value, const nlohmann::json &json) {
    nlohmann::json(value);
    { json.get<T>() } -> std::same_as<T>;
};

/// Codec encodes a T as text and decodes it.
template <class Codec, class T>
concept text_codec = requires(const T &value, std::string_view text) {
    { Codec::encode(value) } -> std::convertible_to<std::string_view>;
    { Codec::decode(text) } -> std::convertible_to<T>;
};

/// Codec encodes a T as bytes and decodes it.
template <class Codec, class T>
concept byte_codec = requires(const T &value, std::span<const std::byte> bytes) {
    { Codec::encode(value) } -> std::convertible_to<std::span<const std::byte>>;
    { Codec::decode(bytes) } -> std::convertible_to<T>;
};

/// entry_traits<T>::codec is named.
template <class T>
concept has_own_codec = requires {
    typename entry_traits<T>::codec;
};

/// The codec of T: its traits' own, or JSON.
template <class T>
struct codec_of_type {
    /// JSON.
    using type = json_codec<T>;
};

/// The codec of T, its traits' own.
template <has_own_codec T>
struct codec_of_type<T> {
    /// What the traits name.
    using type = typename entry_traits<T>::codec;
};

/// The codec of T.
template <class T>
using codec_of = typename codec_of_type<T>::type;

/// A type that can be kept: its traits have an expiry, an id and a key, and it has a codec.
template <class T>
concept storable = has_entry_traits<T> && has_expiry<T> && has_key<T> &&
    (has_own_codec<T> || has_json<T>)&&(text_codec<codec_of<T>, T> || byte_codec<codec_of<T>, T>);

/// Says in words what a type lacks to be storable; used by typed.
/// @return true, if it compiles
template <class T>
constexpr bool require_storable() {
    static_assert(has_entry_traits<T>,
                  "kvstore: this type has no kvstore::entry_traits. Specialise it, with "
                  "expires_in, key() and id(); see kvstore/typed.hpp");
    if constexpr (has_entry_traits<T>) {
        static_assert(has_expiry<T>,
                      "kvstore: the entry_traits of this type lack its expiry, such as "
                      "static constexpr std::chrono::seconds expires_in{3600};");
        static_assert(has_key<T>,
                      "kvstore: the entry_traits of this type lack id(const T &), or a "
                      "key() that makes a std::string of what id() returns");
        static_assert(has_own_codec<T> || has_json<T>,
                      "kvstore: nlohmann-json cannot convert this type. Use "
                      "NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(type, members ..), or name a codec "
                      "in its entry_traits");
        if constexpr (has_own_codec<T>)
            static_assert(text_codec<codec_of<T>, T> || byte_codec<codec_of<T>, T>,
                          "kvstore: the codec in the entry_traits of this type lacks encode() "
                          "or decode(), for text or for bytes; see kvstore::json_codec");
    }
    return storable<T>;
}

/// The entries of one type in a store, by id instead of key.
///
/// The calls throw what those of operations throw. Those that return a value throw decode_error
/// besides, when what is stored is not a T.
template <class T>
class typed {
    static_assert(require_storable<T>());
    using traits = entry_traits<T>;
    using codec = codec_of<T>;
    static constexpr bool as_bytes = !text_codec<codec, T>;

  public:
    /// What identifies a value: what its traits' id() returns.
    using id_type = std::remove_cvref_t<decltype(traits::id(std::declval<const T &>()))>;

    /// @param in  a client, a transaction or a handle of a store, whose client must outlive this
    explicit typed(const store &in) : store_(in) {}

    /// Stores the value under its key, for as long as its type says.
    /// @param value  to be encoded
    void set_ex(const T &value) {
        store_.set_ex(key(traits::id(value)), codec::encode(value), traits::expires_in);
    }

    /// Stores the value under its key, for as long as its type says, if there is no live one.
    /// @param value  to be encoded
    /// @return       whether it was stored
    bool set_nx(const T &value) {
        return store_.set_nx(key(traits::id(value)), codec::encode(value), traits::expires_in);
    }

    /// @param id  of a value
    /// @return    the live value, if there is one
    std::optional<T> get(const id_type &id) {
        if constexpr (as_bytes)
            return decode(store_.get_bytes(key(id)));
        else
            return decode(store_.get(key(id)));
    }

    /// Reads a value, whose time begins anew.
    /// @param id  of a value
    /// @return    the live value, if there is one
    std::optional<T> get_ex(const id_type &id) {
        if constexpr (as_bytes)
            return decode(store_.get_ex_bytes(key(id), traits::expires_in));
        else
            return decode(store_.get_ex(key(id), traits::expires_in));
    }

    /// Reads and removes a value: of all who ask at once, one gets it.
    /// @param id  of a value
    /// @return    the live value, if there was one
    std::optional<T> get_del(const id_type &id) {
        if constexpr (as_bytes)
            return decode(store_.get_del_bytes(key(id)));
        else
            return decode(store_.get_del(key(id)));
    }

    /// @param id  of a value
    /// @return    whether there is a live one
    bool exists(const id_type &id) { return store_.exists(key(id)); }

    /// Removes a value.
    /// @param id  of a value
    /// @return    whether there was a live one
    bool del(const id_type &id) { return store_.del(key(id)); }

    /// The live value; if there is none, computed by one of all who ask. See store::fetch().
    /// For types whose codec makes text.
    /// @param id       of a value
    /// @param compute  called without arguments, returns a T
    /// @param options  how long to wait for others, and they for this one
    /// @return         the value, stored or computed
    template <std::invocable Compute>
    requires(!as_bytes) T
        fetch(const id_type &id, Compute &&compute, const fetch_options &options = {}) {
        return codec::decode(store_.fetch(
            key(id), traits::expires_in, [&] { return std::string(codec::encode(compute())); },
            options));
    }

  private:
    static std::string key(const id_type &id) { return traits::key(id); }

    template <class Stored>
    static std::optional<T> decode(const std::optional<Stored> &stored) {
        if (!stored)
            return std::nullopt;
        return codec::decode(*stored);
    }

    store store_;
};

}  // namespace kvstore
#pragma GCC visibility pop
