#include "kvstore/error.hpp"

#include <utility>

namespace kvstore {

sql_error::sql_error(const std::string &text, error_fields fields)
    : error(text), fields_(std::move(fields)) {}

sql_error::sql_error(const std::string &message, std::string sqlstate)
    : error(message), fields_{.sqlstate = std::move(sqlstate), .message = message} {}

}  // namespace kvstore
