#include "kvstore/error.hpp"

#include <utility>

namespace kvstore {

sql_error::sql_error(const std::string &message, std::string sqlstate)
    : error(message), sqlstate_(std::move(sqlstate)) {}

}  // namespace kvstore
