// What the guide's code takes for granted.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <iostream>
#include <kvstore/client.hpp>
#include <kvstore/pool.hpp>
#include <kvstore/typed.hpp>
#include <map>
#include <string>
#include <vector>

using namespace std::chrono_literals;

inline kvstore::client client;
inline PGconn *const conn = PQconnectdb("");

inline std::string render_report() {
    return "a report";
}
