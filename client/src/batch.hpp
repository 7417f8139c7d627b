// Many requests with one round trip. Each is followed by a sync, which ends its transaction and
// confines its failure.
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <string>

#include "message.hpp"

namespace kvstore::detail {

// What became of a request: a result, or why there is none.
struct outcome {
    result rows{nullptr, &PQclear};
    std::exception_ptr problem;
};

// Learns what became of each request, by its number. Does not throw.
using receiver = std::function<void(std::size_t, const outcome &)>;

class session;

class batch {
  public:
    batch(const session &of, PGconn *on, const receiver &tell);
    // Unless it was finished, throws away what is still to come.
    ~batch();
    batch(const batch &) = delete;
    batch &operator=(const batch &) = delete;

    // Answers of earlier ones may come meanwhile.
    void send(std::size_t number, const message &what, way how);

    // Waits for what is still to come. Throws if the connection was lost before all had come.
    void finish();

  private:
    void flush();
    void take_what_has_arrived();
    void take_what_has_come();
    void take_the_rest();
    bool take_one();

    const session &session_;
    PGconn *pq_;
    const receiver &tell_;
    const int was_nonblocking_;
    std::deque<std::size_t> unanswered_{};  // in the order in which they were sent
    outcome next_{};                        // of the first of these, as far as it has come
    bool has_sent_ = false;                 // anything
    bool is_incomplete_ = false;            // something has no answer, or was not sent
    bool was_between_ = false;              // two results
    std::string end_{};                     // why the connection was lost, if it was
};

}  // namespace kvstore::detail
