/// @file
/// Values of the application's own types, kept as JSON or in a form of one's own.
#pragma once

#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "kvstore/client.hpp"
#include "kvstore/pool.hpp"

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

namespace detail {
/// nlohmann-json writes null for what JSON cannot write. @param value  to be written
inline void require_finite(const nlohmann::json &value) {
    if (value.is_number_float() && !std::isfinite(value.get<double>()))
        throw error("JSON has no number that is infinite or none");
    if (value.is_structured())
        for (const nlohmann::json &each : value)
            require_finite(each);
}
}  // namespace detail

/// How values are written by default: as JSON, by nlohmann-json.
///
/// Numbers become what nlohmann-json makes of them: one that is too large for the member that it is
/// read into, or has a fraction where that has none, is cut without an error, and other numbers
/// are the result. If others write the values, or types have changed, from_json() has to look.
///
/// A codec has two static functions. `encode(const T &)` returns text, as something convertible
/// to std::string_view, or bytes, as something convertible to std::span<const std::byte>.
/// `decode()` takes the same, a std::string_view or a std::span<const std::byte>, returns a T,
/// and throws decode_error if it cannot.
template <class T>
struct json_codec {
    /// @param value  of the application
    /// @return       the same as JSON
    /// @throws error  it cannot be written as JSON: text that is not UTF-8, a number that is NaN or
    ///                infinite
    static std::string encode(const T &value) {
        try {
            const nlohmann::json json(value);
            detail::require_finite(json);
            return json.dump();
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
    time_to_live(entry_traits<T>::expires_in);
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

/// The reply of a pipeline that a typed value is made of, once the pipeline ran.
template <class Decoder, class Stored>
class decoded_reply {
  public:
    /// Not for applications: typed gives one.
    /// @param stored  what the pipeline will have
    explicit decoded_reply(reply<Stored> stored) : stored_(std::move(stored)) {}

    /// @return the result; may be asked again
    /// @throws decode_error  what is stored is not a T; and as reply::get()
    auto get() const { return Decoder::decode(stored_.get()); }

    /// @return whether the pipeline ran, so that get() has something to say
    [[nodiscard]] bool ready() const noexcept { return stored_.ready(); }

  private:
    reply<Stored> stored_;
};

/// The entries of one type in a store, by id instead of key: `typed<game> games(client);`, on a
/// client, a transaction or a handle of a store. On a pipeline it is `typed<game, queued>`, and
/// each call returns a reply; on a pool it is `typed<game, pooled>`.
///
/// The calls do and throw what those of operations do. Those that return a value throw
/// decode_error besides, when what is stored is not a T. A time that is not given is the type's
/// own.
template <class T, class Mode = immediately>
class typed {
    static_assert(require_storable<T>());
    using traits = entry_traits<T>;
    using codec = codec_of<T>;
    static constexpr bool as_bytes = !text_codec<codec, T>;
    static constexpr bool at_once = std::is_same_v<typename Mode::template answer<T>, T>;

  public:
    /// What identifies a value: what its traits' id() returns.
    using id_type = std::remove_cvref_t<decltype(traits::id(std::declval<const T &>()))>;

    /// What it works on: a store, that of a pool, or the operations of a pipeline.
    using operations_type = typename Mode::handle;

    /// @param on  a client, a transaction, a handle of a store, a pipeline or a pool, which must
    ///            outlive this
    explicit typed(const operations_type &on) : on_(on) {}

    /// @name Storing
    /// @{

    /// Stores the value under its key, without expiry. @param value  to be encoded
    /// @return nothing; on a pipeline, whether it succeeded
    auto set(const T &value) { return on_.set(key_of(value), encode(value)); }

    /// Stores the value under its key. @param value  to be encoded @param lives  how long
    /// @return nothing; on a pipeline, whether it succeeded
    auto set_ex(const T &value, time_to_live lives = traits::expires_in) {
        return on_.set_ex(key_of(value), encode(value), lives);
    }

    /// Stores the value if there is no live one. @param value  to be encoded @param lives  how long
    /// @return whether it was stored
    auto set_nx(const T &value, time_to_live lives = traits::expires_in) {
        return on_.set_nx(key_of(value), encode(value), lives);
    }

    /// Stores the value if there is a live one. @param value  to be encoded @param lives  how long
    /// @return whether it was stored
    auto set_xx(const T &value, time_to_live lives = traits::expires_in) {
        return on_.set_xx(key_of(value), encode(value), lives);
    }

    /// Stores the value, without expiry. @param value  to be encoded
    /// @return the live value that it replaced, if there was one
    auto get_set(const T &value) {
        if constexpr (as_bytes)
            return decoded(on_.get_set_bytes(key_of(value), encode(value)));
        else
            return decoded(on_.get_set(key_of(value), encode(value)));
    }

    /// Stores a value if the live one is the expected one, as it is encoded. The expiry stays what
    /// it is. @param expected  with the same id @param value  to be encoded
    /// @return whether it was stored
    [[nodiscard]] auto cas(const T &expected, const T &value) {
        return on_.cas(key_of(value), value_view(encode(expected)), encode(value));
    }

    /// Stores many values, all or none. @param values  a range of T @param lives  how long
    /// @return how many different keys
    template <std::ranges::input_range Range = std::initializer_list<T>>
    auto mset(Range &&values, time_to_live lives = traits::expires_in) {
        std::vector<std::pair<std::string, stored_type>> entries;
        make_room(entries, values);
        for (const T &each : values)
            entries.emplace_back(key_of(each), encode(each));
        return on_.mset(entries, lives);
    }

    /// @}
    /// @name Reading
    /// @{

    /// @param id  of a value @return the live value, if there is one
    [[nodiscard]] auto get(const id_type &id) const {
        if constexpr (as_bytes)
            return decoded(on_.get_bytes(key(id)));
        else
            return decoded(on_.get(key(id)));
    }

    /// @param ids  a range of ids @return for each the live value, if there is one
    template <std::ranges::input_range Range = std::initializer_list<id_type>>
    [[nodiscard]] auto mget(Range &&ids) const {
        if constexpr (as_bytes)
            return decoded(on_.mget_bytes(keys(ids)));
        else
            return decoded(on_.mget(keys(ids)));
    }

    /// @param id  of a value @return whether there is a live one
    [[nodiscard]] auto exists(const id_type &id) const { return on_.exists(key(id)); }

    /// @param id  of a value @return the time that it has left; see operations::ttl()
    [[nodiscard]] auto ttl(const id_type &id) const { return on_.ttl(key(id)); }

    /// @param id  of a value @return when it expires; see operations::expires()
    [[nodiscard]] auto expires(const id_type &id) const { return on_.expires(key(id)); }

    /// The live value; if there is none, computed by one of all who ask. See store::fetch().
    /// @param id       of a value
    /// @param compute  called without arguments, returns a T
    /// @param options  how long to wait for others, and they for this one
    /// @return         the value, stored or computed
    template <std::invocable Compute>
    requires at_once T fetch(const id_type &id, Compute &&compute,
                             const fetch_options &options = {}) {
        auto encoded = [&] { return encode(compute()); };
        if constexpr (as_bytes)
            return codec::decode(on_.fetch_bytes(key(id), traits::expires_in, encoded, options));
        else
            return codec::decode(on_.fetch(key(id), traits::expires_in, encoded, options));
    }

    /// @}
    /// @name Changing the expiry
    /// @{

    /// Reads a value, whose time begins anew. @param id  of a value @param lives  how long
    /// @param slack  by which its expiry may be off already; see operations::get_ex()
    /// @return the live value, if there is one
    auto get_ex(const id_type &id, time_to_live lives = traits::expires_in,
                std::optional<time_to_live> slack = {}) {
        if constexpr (as_bytes)
            return decoded(on_.get_ex_bytes(key(id), lives, slack));
        else
            return decoded(on_.get_ex(key(id), lives, slack));
    }

    /// @param id  of a value, whose time begins anew @param lives  how long
    /// @return whether there was a live one
    auto expire(const id_type &id, time_to_live lives = traits::expires_in) {
        return on_.expire(key(id), lives);
    }

    /// @param id  of a value @param at  when it expires @return whether there was a live one
    template <class Duration>
    auto expire_at(const id_type &id, std::chrono::sys_time<Duration> at) {
        return on_.expire_at(key(id), at);
    }

    /// Makes a value one that does not expire. @param id  of a value
    /// @return whether there was a live one that did
    auto persist(const id_type &id) { return on_.persist(key(id)); }

    /// @}
    /// @name Removing
    /// @{

    /// Reads and removes a value: of all who ask at once, one gets it. @param id  of a value
    /// @return the live value, if there was one
    auto get_del(const id_type &id) {
        if constexpr (as_bytes)
            return decoded(on_.get_del_bytes(key(id)));
        else
            return decoded(on_.get_del(key(id)));
    }

    /// Removes a value. @param id  of a value @return whether there was a live one
    auto del(const id_type &id) { return on_.del(key(id)); }

    /// Removes a value if it is the expected one, as it is encoded. @param expected  to be encoded
    /// @return whether it was removed
    auto del_if(const T &expected) { return on_.del_if(key_of(expected), encode(expected)); }

    /// Removes many values, all or none. @param ids  a range of ids @return how many were live
    template <std::ranges::input_range Range = std::initializer_list<id_type>>
    auto mdel(Range &&ids) {
        return on_.mdel(keys(ids));
    }

    /// @}

  private:
    using stored_type = std::conditional_t<as_bytes, byte_vector, std::string>;

    // Whatever text or bytes the codec returns.
    static stored_type encode(const T &value) {
        using form = std::remove_cvref_t<decltype(codec::encode(value))>;
        if constexpr (std::is_same_v<form, stored_type>)
            return codec::encode(value);
        else if constexpr (as_bytes)
            return copy_of(codec::encode(value));
        else
            return std::string(static_cast<std::string_view>(codec::encode(value)));
    }
    static byte_vector copy_of(std::span<const std::byte> bytes) {
        return {bytes.begin(), bytes.end()};
    }

    struct decoder {
        template <class Stored>
        static std::optional<T> decode(const std::optional<Stored> &stored) {
            if (!stored)
                return std::nullopt;
            return codec::decode(*stored);
        }

        template <class Stored>
        static std::vector<std::optional<T>> decode(const std::vector<Stored> &stored) {
            std::vector<std::optional<T>> all;
            all.reserve(stored.size());
            for (const Stored &each : stored)
                all.push_back(decode(each));
            return all;
        }
    };

    template <class Stored>
    static auto decoded(const Stored &stored) {
        return decoder::decode(stored);
    }
    template <class Stored>
    static auto decoded(reply<Stored> stored) {
        return decoded_reply<decoder, Stored>(std::move(stored));
    }

    static std::string key(const id_type &id) { return traits::key(id); }
    static std::string key_of(const T &value) { return traits::key(traits::id(value)); }

    // If it is known how much.
    template <class List, class Range>
    static void make_room(List &list, Range &for_these) {
        if constexpr (std::ranges::sized_range<Range>)
            list.reserve(static_cast<std::size_t>(std::ranges::size(for_these)));
    }

    template <class Range>
    static std::vector<std::string> keys(Range &&ids) {
        std::vector<std::string> keys;
        make_room(keys, ids);
        for (auto &&each : ids)
            keys.push_back(key(each));
        return keys;
    }

    operations_type on_;
};

}  // namespace kvstore
#pragma GCC visibility pop
