// What the tests share.
#pragma once

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <kvstore/client.hpp>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <typeinfo>

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

// Whether `call` throws exactly an Error, and none of the types derived from it.
template <class Error, class Call>
bool throws_just(Call call) {
    try {
        call();
    } catch (const std::exception &problem) {
        return typeid(problem) == typeid(Error);
    }
    return false;
}

// A connection that is not kvstore's, to the same server.
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

// A client that can be found among the backends of the server, and killed.
class victim {
    const std::string name_ = "victim " + std::to_string(getpid()) + '.' + std::to_string(count_++);

  public:
    kvstore::client client{{.conninfo = "application_name='" + name_ + "'"}};

    // Ends its backend, and returns when that is gone.
    void kill() const {
        EXPECT_EQ(server_.sql("SELECT pg_terminate_backend(pid, 60000) " + backend_), "t");
    }

    // Locks an entry, so that who writes it waits. Ends with the victim.
    void lock(const std::string &key) const {
        blocker_.sql("SELECT kv_set('" + key + "', 'before')");
        blocker_.sql("BEGIN; SELECT kv_set('" + key + "', 'locked')");
    }

    void wait_until_blocked() const {
        using namespace std::chrono_literals;
        while (server_.sql("SELECT wait_event_type " + backend_) != "Lock")
            std::this_thread::sleep_for(5ms);
    }

  private:
    static inline int count_ = 0;
    const std::string backend_ = "FROM pg_stat_activity WHERE application_name = '" + name_ + "'";
    plain_connection server_;
    plain_connection blocker_;
};
