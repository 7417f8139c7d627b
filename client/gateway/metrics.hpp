// --metrics: counters as Prometheus reads them.
#pragma once

#include <memory>
#include <string>

#include "gateway.hpp"
#include "listener.hpp"

namespace kvstore::gateway {

std::string describe_metrics(gateway &in);

// A page over HTTP, at any path.
std::vector<std::unique_ptr<listener>> serve_metrics(gateway &in);

}  // namespace kvstore::gateway
