// What the tests share.
#pragma once

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <kvstore/client.hpp>
#include <memory>
#include <string>

// The SQLSTATE of the error that `call` throws.
template <class Call>
std::string sqlstate_of(Call call) {
    try {
        call();
    } catch (const kvstore::sql_error &problem) {
        return problem.sqlstate();
    }
    return "none";
}

// A connection that is not kvstore's, to the server that the PG* variables name.
class plain_connection {
  public:
    explicit plain_connection(const std::string &conninfo = "")
        : pq_(PQconnectdb(conninfo.c_str()), &PQfinish) {}

    PGconn *get() const { return pq_.get(); }

    // The first field of what the statement returns.
    std::string sql(const std::string &statement) const {
        const std::unique_ptr<PGresult, decltype(&PQclear)> answer(PQexec(get(), statement.c_str()),
                                                                   &PQclear);
        const ExecStatusType status = PQresultStatus(answer.get());
        EXPECT_TRUE(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
            << statement << ": " << PQerrorMessage(get());
        return PQntuples(answer.get()) > 0 ? PQgetvalue(answer.get(), 0, 0) : "";
    }

  private:
    std::unique_ptr<PGconn, decltype(&PQfinish)> pq_;
};
