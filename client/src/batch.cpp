#include "batch.hpp"

#include <utility>

#include "kvstore/error.hpp"
#include "session.hpp"

namespace kvstore::detail {

batch::batch(const session &of, PGconn *on, const receiver &tell)
    : session_(of), pq_(on), tell_(tell), was_nonblocking_(PQisnonblocking(on)) {
    if (PQenterPipelineMode(pq_) != 1)
        throw error("the connection is busy with something else");
    PQsetnonblocking(pq_, 1);
}

batch::~batch() {
    while (PQstatus(pq_) == CONNECTION_OK && PQexitPipelineMode(pq_) != 1)
        PQclear(PQgetResult(pq_));
    PQsetnonblocking(pq_, was_nonblocking_);
}

void batch::send(std::size_t number, const message &what, way how) {
    take_what_has_arrived();
    if (!what.send(pq_, how) || PQpipelineSync(pq_) != 1) {
        take_the_rest();  // which may say why
        is_incomplete_ = true;
        tell_(number, {.problem = session_.lost(end_)});
        return;
    }
    has_sent_ = true;
    unanswered_.push_back(number);
    flush();
}

// What was sent may have been carried out, so the whole of it is in doubt.
void batch::finish() {
    flush();
    take_the_rest();
    if (is_incomplete_ && PQstatus(pq_) != CONNECTION_OK)
        std::rethrow_exception(has_sent_ ? session_.lost_in_the_middle(end_) : session_.lost(end_));
}

// Nothing may be left in libpq's buffer, which would be moved to its front again and again. A
// server that cannot get rid of its answers reads no requests, so what comes meanwhile is taken.
void batch::flush() {
    int is_left = 0;
    do {
        is_left = PQflush(pq_);
        take_what_has_come();
    } while (is_left == 1 && wait_for(pq_, POLLIN | POLLOUT, -1));
}

// libpq reads whenever it cannot send, several times for one message if it is long; and once it has
// found the end of the connection, what it had read is lost. So that is taken before.
void batch::take_what_has_arrived() {
    while (PQstatus(pq_) == CONNECTION_OK && wait_for(pq_, POLLIN, 0) && PQconsumeInput(pq_) == 1)
        take_what_has_come();
}

void batch::take_what_has_come() {
    while (!unanswered_.empty() && PQstatus(pq_) == CONNECTION_OK && PQisBusy(pq_) == 0 &&
           take_one()) {
    }
}

void batch::take_the_rest() {
    while (!unanswered_.empty() && take_one()) {
    }
    if (end_.empty())  // an error that no sync has followed said why
        end_ = next_.problem ? PQresultErrorMessage(next_.rows.get()) : PQerrorMessage(pq_);
    for (; !unanswered_.empty(); unanswered_.pop_front()) {
        is_incomplete_ = true;
        tell_(unanswered_.front(), {.problem = session_.lost_in_the_middle(end_)});
    }
}

// A result, nothing between two of them, or the sync at the end of an answer. Of several results
// the last one counts: the error, if there is one. False if nothing more will come. Of a connection
// that was lost, the server's last word may still be there.
bool batch::take_one() {
    result answer(PQgetResult(pq_), &PQclear);
    if (answer == nullptr)
        return !std::exchange(was_between_, true);
    was_between_ = false;
    const bool is_lost = PQstatus(pq_) != CONNECTION_OK;
    if (PQresultStatus(answer.get()) == PGRES_PIPELINE_SYNC) {
        tell_(unanswered_.front(), next_);
        unanswered_.pop_front();
        next_ = {};
    } else if (!is_lost || !sqlstate_of(answer.get()).empty()) {
        next_.problem = session_.problem_of(answer.get());
        next_.rows = std::move(answer);
    }
    return !is_lost;
}

}  // namespace kvstore::detail
