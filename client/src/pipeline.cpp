#include "kvstore/pipeline.hpp"

#include "queue.hpp"

namespace kvstore {

namespace detail {

std::size_t queue::run() {
    auto requests = std::exchange(requests_, {});
    auto settlements = std::exchange(settlements_, {});
    std::size_t failed = 0;
    const auto settle = [&](std::size_t number, const outcome &of) {
        failed += settlements[number](of) ? 0 : 1;
        settlements[number] = nullptr;  // a reply that nobody has is gone
    };
    try {
        on_->run_all(requests, settle);
    } catch (...) {
        for (std::size_t i = 0; i < settlements.size(); i++)
            if (settlements[i])
                settle(i, {.problem = std::current_exception()});
        throw;
    }
    return failed;
}

}  // namespace detail

pipeline::pipeline(const store &on) : pipeline(std::make_unique<detail::queue>(on.on()), on) {}
pipeline::pipeline(std::unique_ptr<detail::queue> waiting, const store &on)
    : operations<queued>(*waiting, on.name(), on.within()), queue_(std::move(waiting)) {}
pipeline::~pipeline() = default;
pipeline::pipeline(pipeline &&other) noexcept = default;
pipeline &pipeline::operator=(pipeline &&other) noexcept = default;

operations<queued> pipeline::open_store(std::string name) {
    return {*queue_, std::move(name), within()};
}

std::size_t pipeline::run() {
    return queue_->run();
}

std::size_t pipeline::size() const noexcept {
    return queue_->size();
}

}  // namespace kvstore
