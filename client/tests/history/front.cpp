#include "front.hpp"

#include <stdexcept>

#include "client_front.hpp"
#include "redis_front.hpp"
#include "sql_front.hpp"

namespace history {

front_choice front_choice::parse(const std::string &text) {
    const std::size_t end = text.find('=');
    front_choice choice{text.substr(0, end), end == text.npos ? "" : text.substr(end + 1)};
    if (choice.kind != "sql" && choice.kind != "prepared" && choice.kind != "client" &&
        !choice.is_redis())
        throw std::invalid_argument("a front is sql, prepared, client or redis, and not " +
                                    choice.kind);
    return choice;
}

std::unique_ptr<front> make_front(const front_choice &choice, const std::string &application_name,
                                  const std::string &store) {
    if (choice.is_redis())
        return std::make_unique<redis_front>(choice.conninfo);
    if (choice.kind == "client")
        return std::make_unique<client_front>(choice.conninfo, application_name, store);
    return std::make_unique<sql_front>(choice.conninfo, application_name, store,
                                       choice.kind == "prepared");
}

}  // namespace history
