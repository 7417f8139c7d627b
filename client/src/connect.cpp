#include "connect.hpp"

#include <cerrno>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "kvstore/error.hpp"
#include "patience.hpp"

namespace kvstore::detail {

namespace {

// libpq and the server count milliseconds in 32 bits.
constexpr std::chrono::milliseconds longest_timeout{std::numeric_limits<std::int32_t>::max()};

// The option "options" of a connection string, or else of the environment.
std::string server_options(const std::string &conninfo) {
    using parsed = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;
    for (const parsed &each : {parsed(PQconninfoParse(conninfo.c_str(), nullptr), &PQconninfoFree),
                               parsed(PQconndefaults(), &PQconninfoFree)})
        for (const PQconninfoOption *option = each.get();
             option != nullptr && option->keyword != nullptr; option++)
            if (option->keyword == std::string_view("options") && option->val != nullptr)
                return option->val;
    return "";
}

// Called by libpq, which is no place for exceptions.
void pass_on(void *options, const char *message) noexcept {
    const auto &on_notice = static_cast<const connection_options *>(options)->on_notice;
    try {
        if (on_notice)
            on_notice(message);
    } catch (...) {  // NOLINT: whoever looks at notices must do with fewer
    }
}

}  // namespace

PGconn *connect_to_server(const connection_options &options) {
    using namespace std::chrono;
    for (const std::string *each : {&options.conninfo, &options.schema})
        if (each->find('\0') != each->npos)  // where it would end for libpq
            throw error("a connection string or a schema has no zero byte");
    // Of a keyword given twice the last counts, and the connection string is expanded in its
    // place: what stands before it are defaults, what stands after it counts.
    std::vector<const char *> keywords{"fallback_application_name"};
    std::vector<const char *> values{"kvstore"};
    auto add = [&](const char *keyword, const std::string &value) {
        keywords.push_back(keyword);
        values.push_back(value.c_str());
    };

    const std::string connect_timeout = std::to_string(
        ceil<seconds>(bounded(options.connect_timeout, longest_timeout - 1s)).count());
    if (options.connect_timeout > 0ms)
        add("connect_timeout", connect_timeout);
    add("dbname", options.conninfo);
    const std::string encoding = "UTF8";
    add("client_encoding", encoding);
    std::string settings;
    if (options.statement_timeout > 0ms) {
        settings = server_options(options.conninfo) + " -c statement_timeout=" +
                   std::to_string(bounded(options.statement_timeout, longest_timeout).count());
        add("options", settings);
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    PGconn *made = PQconnectdbParams(keywords.data(), values.data(), 1);
    PQsetNoticeProcessor(made, &pass_on, const_cast<connection_options *>(&options));
    return made;
}

bool wait_for(const PGconn *connection, short events, int milliseconds) {
    pollfd descriptor{PQsocket(connection), events, 0};
    int ready = 0;
    do
        ready = poll(&descriptor, 1, milliseconds);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

}  // namespace kvstore::detail
