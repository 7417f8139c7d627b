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
    std::string schema;      // of the extension; looked up if it is empty
    bool never_ask = false;  // for a password, which is asked for on a terminal
};

// A parameter of a statement, as text, which has no zero byte, or binary.
struct sql_parameter {
    const std::string &bytes;
    bool binary = false;
};

// Connects when it is first used, and anew when it is used after it was lost. Throws what the
// library throws.
//
// Text is UTF-8, whatever the terminal and the database have: the server converts it. A database
// in SQL_ASCII does not know what its text is in, so there it travels as it is.
class connection {
  public:
    explicit connection(connection_settings settings) : settings_(std::move(settings)) {}
    ~connection() { disconnect(); }
    connection(const connection &) = delete;
    connection &operator=(const connection &) = delete;

    PGconn *pq();
    bool connected() const { return PQstatus(pq_.get()) == CONNECTION_OK; }
    void disconnect();

    // Before something begins: notices if the connection has ended meanwhile, so that it is made
    // anew. What was given on it, client() too, is not to be used afterwards.
    void notice_end();

    kvstore::client &client();  // on the present connection, and with it gone when that is lost
    result query(const std::string &sql, const std::vector<sql_parameter> &parameters = {});
    result query_in_binary(const std::string &sql, const std::vector<sql_parameter> &parameters);
    std::string quote(std::string_view text);       // as a literal
    std::string quote_name(std::string_view name);  // as an identifier

    // The extension's, with its schema, so that search_path has no say: "app".kv_get
    std::string in_extension(const char *name);

    void require_success(const PGresult *answer);

  private:
    void connect();
    const std::string &schema();
    result execute(const std::string &sql, const std::vector<sql_parameter> &parameters,
                   int result_format);

    connection_settings settings_;
    std::unique_ptr<PGconn, decltype(&PQfinish)> pq_{nullptr, &PQfinish};
    std::optional<kvstore::client> client_;
    std::string schema_;
};

}  // namespace kv
