// Sweeping a store without pages of its own, such as a partitioned one, in the order of its keys.
#pragma once

#include "sweeping/sweep.hpp"

namespace kvstore {

sweep_result sweep_keys(const store &in, const sweep_part &part);

}  // namespace kvstore
