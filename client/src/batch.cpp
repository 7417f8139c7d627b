#include "batch.hpp"

#include "kvstore/error.hpp"
#include "session.hpp"

namespace kvstore::detail {

namespace {

// What libpq holds and cannot send it moves to the front of its buffer again and again, so little
// may wait there.
constexpr std::size_t most_queued = 64 * 1024;

}  // namespace

batch::batch(const session &of, PGconn *on, const receiver &tell)
    : session_(of), pq_(on), tell_(tell), was_nonblocking_(PQisnonblocking(on)) {
    if (PQenterPipelineMode(pq_) != 1)
        throw error("the connection is busy with something else");
    PQsetnonblocking(pq_, 1);
}

batch::~batch() {
    flush();
    while (!unanswered_.empty() && PQstatus(pq_) == CONNECTION_OK)
        take_one();
    for (std::size_t number : unanswered_)
        tell_(number, {.problem = session_.lost_in_the_middle()});
    PQexitPipelineMode(pq_);
    PQsetnonblocking(pq_, was_nonblocking_);
}

void batch::send(std::size_t number, const message &what, way how) {
    if (!what.send(pq_, how) || PQpipelineSync(pq_) != 1) {
        tell_(number, {.problem = session_.lost()});
        return;
    }
    unanswered_.push_back(number);
    queued_ += what.size();
    if (queued_ > most_queued)
        flush();
}

// Reads what comes meanwhile: a server that cannot get rid of its answers reads no requests.
void batch::flush() {
    while (PQflush(pq_) == 1) {
        wait_for(pq_, POLLIN | POLLOUT, -1);
        PQconsumeInput(pq_);
        take_what_has_come();
    }
    queued_ = 0;
}

void batch::take_what_has_come() {
    while (!unanswered_.empty() && PQstatus(pq_) == CONNECTION_OK && PQisBusy(pq_) == 0)
        take_one();
}

// A result, or the sync at the end of an answer. Of several results the last one counts: the
// error, if there is one.
void batch::take_one() {
    result answer(PQgetResult(pq_), &PQclear);
    if (PQresultStatus(answer.get()) == PGRES_PIPELINE_SYNC) {
        tell_(unanswered_.front(), next_);
        unanswered_.pop_front();
        next_ = {};
    } else if (answer != nullptr) {
        next_.problem = session_.problem_of(answer.get());
        next_.rows = std::move(answer);
    }
}

}  // namespace kvstore::detail
