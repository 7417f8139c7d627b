// What waits in a pipeline: requests, and where their answers go.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "kvstore/pipeline.hpp"
#include "session.hpp"

namespace kvstore::detail {

// pipeline.hpp names it, and hides it from programs.
class queue {
  public:
    explicit queue(session &on) : on_(&on) {}

    // Adds a request, with bytes of its own.
    template <class R>
    reply<R> call(request what) {
        for (parameter &each : what.parameters)
            each = std::move(each).owned();
        requests_.push_back(std::move(what));
        reply<R> later;
        settlements_.push_back([answer = later.answer_](const outcome &of) {
            answer->ready = true;
            answer->problem = of.problem;
            const bool is_wanted = answer.use_count() > 1;
            if (!of.problem && is_wanted)
                settle<R>(*answer, of.rows.get());
            return !answer->problem;
        });
        return later;
    }

    // Sends everything and settles every reply. Returns how many failed.
    std::size_t run();

    std::size_t size() const noexcept { return requests_.size(); }

  private:
    template <class R, class State>
    static void settle(State &answer, const PGresult *rows) {
        try {
            if constexpr (!std::is_void_v<R>)
                answer.result = decode<R>(rows);
        } catch (...) {  // decode_error, or out of memory
            answer.problem = std::current_exception();
        }
    }

    session *on_;
    std::vector<request> requests_;
    std::vector<std::function<bool(const outcome &)>> settlements_;  // whether it succeeded
};

}  // namespace kvstore::detail
