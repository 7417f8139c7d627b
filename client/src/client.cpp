#include "kvstore/client.hpp"

#include "connection.hpp"

namespace kvstore {

namespace {

constexpr statement set_statement{"kv_set", "SELECT kv_set($1::text, $2::text)"};
constexpr statement set_ex_statement{"kv_set_ex",
                                     "SELECT kv_set_ex($1::text, $2::text, $3::float8)"};
constexpr statement get_statement{"kv_get", "SELECT kv_get($1::text)"};
constexpr statement get_ex_statement{"kv_get_ex", "SELECT kv_get_ex($1::text, $2::float8)"};
constexpr statement get_del_statement{"kv_get_del", "SELECT kv_get_del($1::text)"};
constexpr statement del_statement{"kv_del", "SELECT kv_del($1::text)"};

}  // namespace

client::client(const std::string &conninfo) : connection_(std::make_unique<connection>(conninfo)) {}
client::~client() = default;
client::client(client &&) noexcept = default;
client &client::operator=(client &&) noexcept = default;

void client::set(std::string_view key, std::string_view value) {
    connection_->run(set_statement, std::array<parameter, 2>{key, value});
}

void client::set_ex(std::string_view key, std::string_view value, ttl time) {
    connection_->run(set_ex_statement, std::array<parameter, 3>{key, value, time.seconds()});
}

std::optional<std::string> client::get(std::string_view key) {
    return value_of(connection_->run(get_statement, std::array<parameter, 1>{key}));
}

std::optional<std::string> client::get_ex(std::string_view key, ttl time) {
    return value_of(
        connection_->run(get_ex_statement, std::array<parameter, 2>{key, time.seconds()}));
}

std::optional<std::string> client::get_del(std::string_view key) {
    return value_of(connection_->run(get_del_statement, std::array<parameter, 1>{key}));
}

bool client::del(std::string_view key) {
    return bool_of(connection_->run(del_statement, std::array<parameter, 1>{key}));
}

}  // namespace kvstore
