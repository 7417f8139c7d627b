/// @file
/// All of the library.
#pragma once

#include "kvstore/client.hpp"
#include "kvstore/pipeline.hpp"
#include "kvstore/pool.hpp"
#include "kvstore/transaction.hpp"
#include "kvstore/typed.hpp"
#include "kvstore/version.hpp"
