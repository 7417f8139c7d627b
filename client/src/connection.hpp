// libpq behind C++: results, parameters and prepared statements.
#pragma once

#include <libpq-fe.h>

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace kvstore {

// A statement that the client sends. Prepared when it is first used.
struct statement {
    const char *name;
    const char *sql;
};

// A parameter, in PostgreSQL's binary format.
class parameter {
  public:
    parameter(std::string_view text) : text_(text) {}  // NOLINT: implicit, for lists of parameters
    parameter(double number);                          // NOLINT

    const char *data() const { return is_number_ ? number_.data() : text_.data(); }
    int size() const;

  private:
    std::string_view text_;
    std::array<char, 8> number_{};
    bool is_number_ = false;
};

using result = std::unique_ptr<PGresult, decltype(&PQclear)>;

// The one value that a statement returned, if it is not null.
std::optional<std::string> value_of(const result &from);
bool bool_of(const result &from);

class connection {
  public:
    explicit connection(const std::string &conninfo);

    // Runs the statement. A connection that was lost is made anew before, never within.
    result run(const statement &what, std::span<const parameter> parameters);

  private:
    void connect_again();
    void prepare(const statement &what);
    void require_success(const result &of);

    std::unique_ptr<PGconn, decltype(&PQfinish)> pq_;
    std::set<std::string_view> prepared_;
};

}  // namespace kvstore
