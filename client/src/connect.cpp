#include "connect.hpp"

#include <array>
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

// The value of an option that a connection string leads to, by way of the environment or of a
// service. libpq says that of connections alone; this one is not begun, as two hosts cannot share
// an address.
std::string option_of(const std::string &conninfo, std::string_view keyword) {
    constexpr std::array<const char *, 4> keywords{"dbname", "host", "hostaddr", nullptr};
    const std::array<const char *, 4> values{conninfo.c_str(), ",", "0.0.0.0", nullptr};
    const std::unique_ptr<PGconn, decltype(&PQfinish)> asked(
        PQconnectStartParams(keywords.data(), values.data(), 1), &PQfinish);
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> all(PQconninfo(asked.get()),
                                                                           &PQconninfoFree);
    for (const PQconninfoOption *each = all.get(); each != nullptr && each->keyword != nullptr;
         each++)
        if (each->keyword == keyword && each->val != nullptr)
            return each->val;
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

void complete(PGconn *begun) {
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (PQstatus(begun) != CONNECTION_BAD && next != PGRES_POLLING_OK) {
        wait_for(begun, next == PGRES_POLLING_READING ? POLLIN : POLLOUT, -1);
        next = PQconnectPoll(begun);
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
    add("dbname", options.conninfo);
    if (options.connect_timeout > 0ms)
        add("connect_timeout", connect_timeout);
    const std::string encoding = "UTF8";
    add("client_encoding", encoding);
    std::string settings;
    if (options.statement_timeout > 0ms) {
        settings = option_of(options.conninfo, "options") + " -c statement_timeout=" +
                   std::to_string(bounded(options.statement_timeout, longest_timeout).count());
        add("options", settings);
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    // Where time is limited libpq has to wait itself, since only so it goes from one address to
    // the next; and there is no connection for us until it has ended.
    const bool has_limit =
        options.connect_timeout > 0ms || !option_of(options.conninfo, "connect_timeout").empty();
    PGconn *made =
        (has_limit ? PQconnectdbParams : PQconnectStartParams)(keywords.data(), values.data(), 1);
    PQsetNoticeProcessor(made, &pass_on, const_cast<connection_options *>(&options));
    if (!has_limit)
        complete(made);
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
