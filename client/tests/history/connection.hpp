// A plain connection of libpq to the server, for all that is not a client of kvstore.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace history {

// The connection is gone, or cannot be made: what was under way may have been done.
struct connection_lost : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Whether that was said by a pooler which had sent nothing on yet: before a statement it has the
// server know the client's application_name, and gives the client up if somebody cancels just that.
bool is_of_pooler(std::string_view message);

// The server says no.
struct refusal : std::runtime_error {
    refusal(const std::string &message, std::string sqlstate)
        : std::runtime_error(message), sqlstate(std::move(sqlstate)) {}
    std::string sqlstate;
};

struct rows {
    std::vector<std::vector<std::optional<std::string>>> all;
    std::size_t affected = 0;

    std::optional<std::string> first() const {
        return all.empty() ? std::nullopt : all.front().front();
    }
};

class connection {
  public:
    connection(std::string conninfo, const std::string &application_name);

    // Makes sure that there is one.
    void connect();

    rows run(const std::string &sql);
    rows run(const std::string &sql, const std::vector<std::optional<std::string>> &parameters);
    // Prepared when it comes for the first time.
    rows run_prepared(const std::string &sql,
                      const std::vector<std::optional<std::string>> &parameters);

    std::string literal(const std::string &text) const;

  private:
    using result = std::unique_ptr<PGresult, decltype(&PQclear)>;

    rows read(result from);

    std::string conninfo_;
    std::unique_ptr<PGconn, decltype(&PQfinish)> pq_;
    std::vector<std::string> prepared_;
};

// Connects, and does so again and again while the server is away, which has an end.
void connect_patiently(connection &to);

}  // namespace history
