/// @file
/// Values of the application's own types, kept as JSON.
#pragma once

#include <concepts>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "kvstore/client.hpp"

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
/// JSON for other types is told in the documentation of nlohmann-json.
template <class T>
struct entry_traits;

/// What identifies a value of type T: what its traits' id() returns.
template <class T>
using id_of = std::remove_cvref_t<decltype(entry_traits<T>::id(std::declval<const T &>()))>;

/// A type with entry_traits: an expiry, an id, a key made from an id, and a mapping to JSON.
template <class T>
concept storable = requires(const T &value, const nlohmann::json &json) {
    ttl(entry_traits<T>::expires_in);
    { entry_traits<T>::key(entry_traits<T>::id(value)) } -> std::convertible_to<std::string>;
    nlohmann::json(value);
    { json.get<T>() } -> std::same_as<T>;
};

/// The entries of one type, by id instead of key.
///
/// Besides what the calls of client throw, those that return a value throw decode_error
/// when what is stored is not a T.
template <storable T>
class typed {
  public:
    /// @param on  the connection to be used; it must outlive this
    explicit typed(client &on) : client_(&on) {}

    /// Stores the value under its key, for as long as its type says.
    void set_ex(const T &value) {
        client_->set_ex(key(traits::id(value)), nlohmann::json(value).dump(), traits::expires_in);
    }

    /// The live value, if there is one.
    std::optional<T> get(const id_of<T> &id) { return decode(client_->get(key(id))); }

    /// The live value, if there is one, its time beginning anew.
    std::optional<T> get_ex(const id_of<T> &id) {
        return decode(client_->get_ex(key(id), traits::expires_in));
    }

    /// The live value, if there is one, removed.
    std::optional<T> get_del(const id_of<T> &id) { return decode(client_->get_del(key(id))); }

    /// Removes the entry.
    /// @return whether there was a live one
    bool del(const id_of<T> &id) { return client_->del(key(id)); }

  private:
    using traits = entry_traits<T>;

    static std::string key(const id_of<T> &id) { return traits::key(id); }

    static std::optional<T> decode(const std::optional<std::string> &value) {
        if (!value)
            return std::nullopt;
        try {
            return nlohmann::json::parse(*value).template get<T>();
        } catch (const nlohmann::json::exception &problem) {
            throw decode_error(problem.what());
        }
    }

    client *client_;
};

}  // namespace kvstore
