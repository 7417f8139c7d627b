// A connection: its statements, its errors, its end and its new beginning.
#pragma once

#include <libpq-fe.h>

#include <exception>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "kvstore/options.hpp"
#include "request.hpp"
#include "wire.hpp"

namespace kvstore::detail {

// What became of a request in a batch: a result, or why there is none.
struct outcome {
    result rows{nullptr, &PQclear};
    std::exception_ptr problem;
};

class session {
  public:
    explicit session(const connection_options &options);
    session(PGconn *existing, std::string schema);  // of the application, which keeps it
    session(const session &) = delete;
    session &operator=(const session &) = delete;

    // Carries out one request, and decodes what it returns.
    template <class R>
    R call(const request &what) {
        return decode<R>(run(what).get());
    }

    // Carries out many with one round trip, each with an outcome of its own.
    std::vector<outcome> run_all(std::span<const request> requests);

    // A statement without parameters and results.
    void command(const char *sql);

    // Makes sure that there is a connection.
    void ensure_connected();

    // From begin() to commit() or rollback() there is no connecting anew.
    void begin(const transaction_options &options);
    void commit();
    void rollback() noexcept;
    bool in_transaction() const noexcept;
    bool usable() const noexcept;     // connected, as far as is known
    std::exception_ptr lost() const;  // the error if it is not

  private:
    // A request, ready to be sent.
    struct message {
        std::string sql;
        const char *prepared = nullptr;  // the name of the prepared statement, if it is one
        std::vector<const char *> values{};
        std::vector<int> lengths{};
        std::vector<int> formats{};
    };

    result run(const request &what);
    message to_message(const request &what);
    std::vector<message> to_messages(std::span<const request> requests,
                                     std::span<outcome> outcomes);
    const char *prepare(const std::string &sql);
    bool send(const message &what);
    void send_buffered();
    outcome receive();
    std::exception_ptr problem_of(const PGresult *answer) const;
    void require_success(const result &answer) const;
    void connect();

    const connection_options options_;
    std::unique_ptr<PGconn, void (*)(PGconn *)> pq_;
    const bool is_own_;
    bool in_transaction_ = false;
    std::unordered_map<std::string, std::string> prepared_;  // statements, and their names
};

}  // namespace kvstore::detail
