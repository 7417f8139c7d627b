// A connection: its statements, its errors, its end and its new beginning.
#pragma once

#include <libpq-fe.h>

#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>

#include "batch.hpp"
#include "connect.hpp"
#include "kvstore/options.hpp"
#include "message.hpp"
#include "request.hpp"
#include "wire.hpp"

namespace kvstore::detail {

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

    // Carries out many with one round trip. What has been sent is given up. What it throws is about
    // all whose outcome it has not told.
    void run_all(std::span<request> requests, const receiver &tell);

    // A statement without parameters.
    result command(const char *sql);

    // Makes sure that there is a connection.
    void ensure_connected();

    // From begin() to commit() or rollback() there is no connecting anew. Requests that bear the
    // number are carried out within the transaction, or not at all.
    transaction_number begin(const transaction_options &options);
    void require_under_way(transaction_number transaction) const;  // throws error
    void commit();
    void rollback() noexcept;
    bool in_transaction() const noexcept;
    bool usable() const noexcept;  // connected, as far as is known
    // The error if it is not, which says why.
    std::exception_ptr lost(std::string why) const;
    // The same for what was sent: outside of a transaction it may have been carried out.
    std::exception_ptr lost_in_the_middle(std::string why) const;

    // The error that the result is, if it is one.
    std::exception_ptr problem_of(const PGresult *answer) const;

  private:
    result run(const request &what);
    bool uses_names();
    bool is_direct();
    void prepare_all(std::span<const request> requests);
    void notice_end();
    void require_success(const result &answer) const;
    std::exception_ptr lost() const;
    void require_ready() const;
    void require_utf8() const;
    void connect();

    const connection_options options_;
    std::unique_ptr<PGconn, void (*)(PGconn *)> pq_;
    const bool is_own_;
    bool in_transaction_ = false;                // begun here
    transaction_number begun_ = no_transaction;  // the last one
    bool may_take_effect_ = false;               // what is under way, though the connection is lost
    std::optional<bool> is_direct_;              // unknown until it is asked for
    std::unordered_set<std::string> prepared_;   // names of statements
};

}  // namespace kvstore::detail
