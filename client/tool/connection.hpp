// The connection to the server: the library's vocabulary on it, and plain SQL beside it.
#pragma once

#include <libpq-fe.h>

#include <kvstore/client.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kv {

using result = std::unique_ptr<PGresult, decltype(&PQclear)>;

// As psql's options; what is empty is for PG* variables to say.
struct connection_settings {
    std::string dbname;  // or a connection string, or a URI
    std::string host;
    std::string port;
    std::string user;
    bool never_ask = false;  // for a password, which is asked for on a terminal
};

// A parameter of a statement, as text (of a std::string: a zero byte ends it) or binary.
struct sql_parameter {
    const std::string &bytes;
    bool binary = false;
};

// Connects when it is first used, and anew when it is used after it was lost. Throws what the
// library throws.
class connection {
  public:
    explicit connection(connection_settings settings) : settings_(std::move(settings)) {}

    PGconn *pq();
    bool connected() const { return PQstatus(pq_.get()) == CONNECTION_OK; }
    void disconnect();

    kvstore::client &client();  // on the present connection, and with it gone when that is lost
    result query(const std::string &sql, const std::vector<sql_parameter> &parameters = {});
    std::string quote(std::string_view text);  // as a literal

    void require_success(const PGresult *answer);

  private:
    void connect();

    connection_settings settings_;
    std::unique_ptr<PGconn, decltype(&PQfinish)> pq_{nullptr, &PQfinish};
    std::optional<kvstore::client> client_;
};

}  // namespace kv
