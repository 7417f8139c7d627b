// A request as libpq sends it: as text, or by the name of a prepared statement.
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "request.hpp"

namespace kvstore::detail {

enum class way {
    by_name,    // of the statement, which is prepared
    preparing,  // it under that name first
    as_text     // without a name
};

// The text of a statement and the name that it is prepared under: the same for all clients, since
// behind a pooler one comes upon what another has prepared.
struct statement {
    statement(const request &what, const std::string &schema);

    std::string text;
    std::string name;

    result prepare(PGconn *on) const;
};

// A result, and whether the statement is prepared now.
struct answered {
    result rows;
    bool is_prepared;
};

class message {
  public:
    // Its bytes are the request's, which must live as long.
    // Throws sql_error 54000 if no server would take so many.
    message(const request &what, const std::string &schema);

    const std::string &name() const noexcept { return statement_.name; }

    // Carries it out and waits for the result, the first error if there is one.
    answered run(PGconn *on, way how) const;

    // Leaves it with libpq, to be sent. By name or as text.
    bool send(PGconn *on, way how) const;

  private:
    answered run_by_name(PGconn *on) const;
    answered prepare_and_run(PGconn *on) const;

    statement statement_;
    std::vector<const char *> values_{};
    std::vector<int> lengths_{};
    std::vector<int> formats_{};
};

// Of an error; else empty.
std::string_view sqlstate_of(const PGresult *answer);

}  // namespace kvstore::detail
