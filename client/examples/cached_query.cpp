// A cache in front of a slow query, on the application's own connection. Of all who miss the
// result at once, one asks the database. What changes the data drops the result with it.
#include <libpq-fe.h>

#include <iostream>
#include <kvstore/client.hpp>
#include <memory>

using namespace std::chrono_literals;

// The connection that the application has anyway.
class database {
  public:
    explicit database(const char *conninfo) : pq_(PQconnectdb(conninfo), &PQfinish) {}

    PGconn *get() const { return pq_.get(); }

    std::string query(const char *sql) const {
        const std::unique_ptr<PGresult, decltype(&PQclear)> rows(PQexec(get(), sql), &PQclear);
        if (PQresultStatus(rows.get()) != PGRES_TUPLES_OK &&
            PQresultStatus(rows.get()) != PGRES_COMMAND_OK)
            throw std::runtime_error(PQerrorMessage(get()));
        return PQntuples(rows.get()) > 0 ? PQgetvalue(rows.get(), 0, 0) : "";
    }

  private:
    std::unique_ptr<PGconn, decltype(&PQfinish)> pq_;
};

int main(int argc, char **argv) try {
    const database app(argc > 1 ? argv[1] : "");
    kvstore::client cache = kvstore::client::wrap(app.get());
    app.query("CREATE TEMP TABLE sales AS SELECT n AS amount FROM generate_series(1, 1000) n");
    cache.del("report");

    auto report = [&] {
        return cache.fetch("report", 10min, [&] {
            std::cout << "(asking the database)\n";
            return app.query("SELECT sum(amount) FROM sales, pg_sleep(0.1)");
        });
    };
    std::cout << report() << '\n' << report() << '\n';

    app.query("BEGIN");
    app.query("INSERT INTO sales VALUES (499500)");
    cache.del("report");  // committed with the sale, or not at all
    app.query("COMMIT");
    std::cout << report() << '\n';
} catch (const std::exception &problem) {
    std::cerr << "cached_query: " << problem.what() << '\n';
    return 1;
}
