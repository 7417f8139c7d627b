#include "connection.hpp"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace history {

namespace {

// A server that is told to end a session says so with an error, and no more.
bool is_the_end(std::string_view sqlstate) {
    return sqlstate.empty() || sqlstate.starts_with("57P") || sqlstate.starts_with("08");
}

std::vector<const char *> pointers(const std::vector<std::optional<std::string>> &parameters) {
    std::vector<const char *> result;
    result.reserve(parameters.size());
    for (const auto &each : parameters)
        result.push_back(each ? each->c_str() : nullptr);
    return result;
}

}  // namespace

bool is_of_pooler(std::string_view message) {
    return message.find("invalid server parameter") != message.npos;
}

connection::connection(std::string conninfo, const std::string &application_name)
    : conninfo_(std::move(conninfo) + " application_name='" + application_name + "'"),
      pq_(nullptr, &PQfinish) {}

void connection::connect() {
    if (pq_ != nullptr && PQstatus(pq_.get()) == CONNECTION_OK) {
        pollfd socket{PQsocket(pq_.get()), POLLIN, 0};
        if (poll(&socket, 1, 0) > 0)
            PQconsumeInput(pq_.get());
    }
    if (pq_ != nullptr && PQstatus(pq_.get()) == CONNECTION_OK)
        return;
    prepared_.clear();
    pq_.reset(PQconnectdb(conninfo_.c_str()));
    PQsetNoticeProcessor(
        pq_.get(), [](void *, const char *) {}, nullptr);
    if (PQstatus(pq_.get()) != CONNECTION_OK)
        throw connection_lost(PQerrorMessage(pq_.get()));
}

rows connection::run(const std::string &sql) {
    return read({PQexec(pq_.get(), sql.c_str()), &PQclear});
}

rows connection::run(const std::string &sql,
                     const std::vector<std::optional<std::string>> &parameters) {
    return read({PQexecParams(pq_.get(), sql.c_str(), static_cast<int>(parameters.size()), nullptr,
                              pointers(parameters).data(), nullptr, nullptr, 0),
                 &PQclear});
}

rows connection::run_prepared(const std::string &sql,
                              const std::vector<std::optional<std::string>> &parameters) {
    const auto known = std::find(prepared_.begin(), prepared_.end(), sql);
    const std::string name = "s" + std::to_string(known - prepared_.begin());
    if (known == prepared_.end()) {
        read({PQprepare(pq_.get(), name.c_str(), sql.c_str(), 0, nullptr), &PQclear});
        prepared_.push_back(sql);
    }
    return read({PQexecPrepared(pq_.get(), name.c_str(), static_cast<int>(parameters.size()),
                                pointers(parameters).data(), nullptr, nullptr, 0),
                 &PQclear});
}

std::string connection::literal(const std::string &text) const {
    const std::unique_ptr<char, decltype(&PQfreemem)> quoted(
        PQescapeLiteral(pq_.get(), text.data(), text.size()), &PQfreemem);
    return quoted.get();
}

rows connection::read(result from) {
    const ExecStatusType status = PQresultStatus(from.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        const char *sqlstate = PQresultErrorField(from.get(), PG_DIAG_SQLSTATE);
        const std::string code = sqlstate != nullptr ? sqlstate : "";
        if (PQstatus(pq_.get()) != CONNECTION_OK || is_the_end(code)) {
            const std::string message = PQerrorMessage(pq_.get());
            pq_.reset();
            throw connection_lost(message);
        }
        throw refusal(PQresultErrorMessage(from.get()), code);
    }
    rows found;
    for (int row = 0; row < PQntuples(from.get()); row++) {
        auto &fields = found.all.emplace_back();
        for (int column = 0; column < PQnfields(from.get()); column++)
            fields.push_back(PQgetisnull(from.get(), row, column) != 0
                                 ? std::nullopt
                                 : std::optional<std::string>(PQgetvalue(from.get(), row, column)));
    }
    found.affected = std::strtoul(PQcmdTuples(from.get()), nullptr, 10);
    return found;
}

void connect_patiently(connection &to) {
    using namespace std::chrono_literals;
    for (int attempt = 1;; attempt++)
        try {
            return to.connect();
        } catch (const connection_lost &) {
            if (attempt == 6000)
                throw;
            std::this_thread::sleep_for(20ms);
        }
}

}  // namespace history
