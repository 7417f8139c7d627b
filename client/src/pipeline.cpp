#include "kvstore/pipeline.hpp"

#include "queue.hpp"

namespace kvstore {

namespace detail {

std::size_t queue::run() {
    const auto requests = std::exchange(requests_, {});
    const auto settlements = std::exchange(settlements_, {});
    const std::vector<outcome> outcomes = on_->run_all(requests);
    std::size_t failed = 0;
    for (std::size_t i = 0; i < outcomes.size(); i++)
        failed += settlements[i](outcomes[i]) ? 0 : 1;
    if (!on_->usable())
        std::rethrow_exception(on_->lost());
    return failed;
}

}  // namespace detail

pipeline::pipeline(std::unique_ptr<detail::queue> waiting, std::string store)
    : operations<queued>(*waiting, std::move(store)), queue_(std::move(waiting)) {}
pipeline::~pipeline() = default;
pipeline::pipeline(pipeline &&other) noexcept = default;
pipeline &pipeline::operator=(pipeline &&other) noexcept = default;

operations<queued> pipeline::store(std::string name) {
    return {*queue_, std::move(name)};
}

std::size_t pipeline::run() {
    return queue_->run();
}

std::size_t pipeline::size() const noexcept {
    return queue_->size();
}

}  // namespace kvstore
