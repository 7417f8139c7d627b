#include "request.hpp"

namespace kvstore::detail {

namespace {

std::string quoted_identifier(const std::string &identifier) {
    std::string quoted = "\"";
    for (char each : identifier)
        quoted += each == '"' ? std::string("\"\"") : std::string(1, each);
    return quoted + '"';
}

}  // namespace

// SELECT "schema".kv_set($1::pg_catalog.text, store => $2::pg_catalog.regclass)
std::string request::sql(const std::string &schema) const {
    std::string sql = select;
    if (is_ours && !schema.empty())
        sql += quoted_identifier(schema) + '.';
    sql += what;
    if (!is_function)
        return sql;
    const char *separator = "(";
    for (std::size_t i = 0; i < parameters.size(); i++) {
        sql += std::exchange(separator, ", ");
        if (parameters[i].name != nullptr)
            sql.append(parameters[i].name).append(" => ");
        sql.append("$")
            .append(std::to_string(i + 1))
            .append("::pg_catalog.")
            .append(parameters[i].type);
    }
    return sql += parameters.empty() ? "()" : ")";
}

}  // namespace kvstore::detail
