// Sweeping a store that has pages, in their order.
#pragma once

#include "sweeping/sweep.hpp"

namespace kvstore {

sweep_result sweep_pages(const store &in, const sweep_part &part);

}  // namespace kvstore
