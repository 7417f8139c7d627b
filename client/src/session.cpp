#include "session.hpp"

#include <poll.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "kvstore/error.hpp"

namespace kvstore::detail {

namespace {

constexpr int binary = 1;

std::string without_newline(std::string message) {
    while (!message.empty() && message.back() == '\n')
        message.pop_back();
    return message;
}

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

PGconn *connect_to_server(const connection_options &options) {
    using namespace std::chrono;
    // Of a keyword given twice the last counts, and the connection string is expanded in its
    // place: what stands before it are defaults, what stands after it is added to it.
    std::vector<const char *> keywords{"client_encoding", "fallback_application_name"};
    std::vector<const char *> values{"UTF8", "kvstore"};
    auto add = [&](const char *keyword, const std::string &value) {
        keywords.push_back(keyword);
        values.push_back(value.c_str());
    };

    const std::string connect_timeout =
        std::to_string(ceil<seconds>(options.connect_timeout).count());
    if (options.connect_timeout > 0ms)
        add("connect_timeout", connect_timeout);
    add("dbname", options.conninfo);
    std::string settings;
    if (options.statement_timeout > 0ms) {
        settings = server_options(options.conninfo) +
                   " -c statement_timeout=" + std::to_string(options.statement_timeout.count());
        add("options", settings);
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    return PQconnectdbParams(keywords.data(), values.data(), 1);
}

bool wait_for(const PGconn *connection, short events, int milliseconds) {
    pollfd descriptor{PQsocket(connection), events, 0};
    int ready = 0;
    do
        ready = poll(&descriptor, 1, milliseconds);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

}  // namespace

session::session(const connection_options &options)
    : options_(options), pq_(nullptr, &PQfinish), is_own_(true) {
    connect();
}

session::session(PGconn *existing, std::string schema)
    : options_{.prepared = false, .schema = std::move(schema)},
      pq_(existing, [](PGconn *) {}),
      is_own_(false) {}

// --- The connection ----------------------------------------------------------------------------

void session::connect() {
    prepared_.clear();
    pq_.reset(connect_to_server(options_));
    if (PQstatus(pq_.get()) != CONNECTION_OK)
        std::rethrow_exception(lost());
}

// What has reached us while nothing was under way can only be notices, or the end, which shows
// once they are read. So a connection that ended meanwhile is found out before it is used.
void session::ensure_connected() {
    if (is_own_ && !in_transaction_) {
        while (PQstatus(pq_.get()) == CONNECTION_OK && wait_for(pq_.get(), POLLIN, 0) &&
               PQconsumeInput(pq_.get()) == 1) {
        }
        if (PQstatus(pq_.get()) != CONNECTION_OK)
            connect();
    }
    if (PQstatus(pq_.get()) != CONNECTION_OK)
        std::rethrow_exception(lost());
}

std::exception_ptr session::lost() const {
    return std::make_exception_ptr(connection_error(without_newline(PQerrorMessage(pq_.get()))));
}

bool session::usable() const noexcept {
    return PQstatus(pq_.get()) == CONNECTION_OK;
}

bool session::in_transaction() const noexcept {
    return in_transaction_ || PQtransactionStatus(pq_.get()) == PQTRANS_INTRANS ||
           PQtransactionStatus(pq_.get()) == PQTRANS_INERROR;
}

// --- Requests ----------------------------------------------------------------------------------

session::message session::to_message(const request &what) {
    message ready{.sql = what.sql(options_.schema)};
    for (const parameter &each : what.parameters) {
        ready.values.push_back(each.data());
        ready.lengths.push_back(each.size());
        ready.formats.push_back(each.binary ? binary : 0);
    }
    if (options_.prepared)
        ready.prepared = prepare(ready.sql);
    return ready;
}

const char *session::prepare(const std::string &sql) {
    auto known = prepared_.find(sql);
    if (known == prepared_.end()) {
        std::string name = "kvstore_" + std::to_string(prepared_.size() + 1);
        require_success({PQprepare(pq_.get(), name.c_str(), sql.c_str(), 0, nullptr), &PQclear});
        known = prepared_.emplace(sql, std::move(name)).first;
    }
    return known->second.c_str();
}

result session::run(const request &what) {
    ensure_connected();
    const message ready = to_message(what);
    const auto count = static_cast<int>(ready.values.size());
    result answer(
        ready.prepared != nullptr
            ? PQexecPrepared(pq_.get(), ready.prepared, count, ready.values.data(),
                             ready.lengths.data(), ready.formats.data(), binary)
            : PQexecParams(pq_.get(), ready.sql.c_str(), count, nullptr, ready.values.data(),
                           ready.lengths.data(), ready.formats.data(), binary),
        &PQclear);
    require_success(answer);
    return answer;
}

void session::command(const char *sql) {
    require_success({PQexec(pq_.get(), sql), &PQclear});
}

void session::require_success(const result &answer) const {
    if (std::exception_ptr problem = problem_of(answer.get()))
        std::rethrow_exception(problem);
}

std::exception_ptr session::problem_of(const PGresult *answer) const {
    ExecStatusType status = PQresultStatus(answer);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return nullptr;
    const char *sqlstate = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    if (sqlstate == nullptr || PQstatus(pq_.get()) != CONNECTION_OK)
        return lost();
    std::string message = without_newline(PQresultErrorMessage(answer));
    if (sqlstate == std::string_view("57014"))
        return std::make_exception_ptr(timeout_error(message));
    return std::make_exception_ptr(sql_error(message, sqlstate));
}

// --- Batches -----------------------------------------------------------------------------------

// Each request is followed by a sync, which ends its transaction and confines its failure.
std::vector<outcome> session::run_all(std::span<const request> requests) {
    std::vector<outcome> outcomes(requests.size());
    try {
        ensure_connected();
    } catch (const connection_error &) {
        for (outcome &each : outcomes)
            each.problem = std::current_exception();
        return outcomes;
    }
    const std::vector<message> messages = to_messages(requests, outcomes);
    const int was_nonblocking = PQisnonblocking(pq_.get());
    if (PQenterPipelineMode(pq_.get()) != 1)
        throw error(without_newline(PQerrorMessage(pq_.get())));
    PQsetnonblocking(pq_.get(), 1);
    for (std::size_t i = 0; i < requests.size(); i++)
        if (!outcomes[i].problem && !send(messages[i]))
            outcomes[i].problem = lost();
    send_buffered();
    for (outcome &each : outcomes)
        if (!each.problem)
            each = receive();
    PQexitPipelineMode(pq_.get());
    PQsetnonblocking(pq_.get(), was_nonblocking);
    return outcomes;
}

// What cannot be sent gets its outcome here. Statements are prepared before, so that one which
// cannot be does not fail those after it that are the same.
std::vector<session::message> session::to_messages(std::span<const request> requests,
                                                   std::span<outcome> outcomes) {
    std::vector<message> messages(requests.size());
    for (std::size_t i = 0; i < requests.size(); i++)
        try {
            messages[i] = to_message(requests[i]);
        } catch (const error &) {
            outcomes[i].problem = std::current_exception();
        }
    return messages;
}

// False if it was not: the connection ended, or the message does not fit into libpq's buffer.
bool session::send(const message &what) {
    const auto count = static_cast<int>(what.values.size());
    const int sent =
        what.prepared != nullptr
            ? PQsendQueryPrepared(pq_.get(), what.prepared, count, what.values.data(),
                                  what.lengths.data(), what.formats.data(), binary)
            : PQsendQueryParams(pq_.get(), what.sql.c_str(), count, nullptr, what.values.data(),
                                what.lengths.data(), what.formats.data(), binary);
    return sent == 1 && PQpipelineSync(pq_.get()) == 1;
}

// Reads what comes meanwhile: a server that cannot get rid of its answers reads no requests.
void session::send_buffered() {
    while (PQflush(pq_.get()) == 1) {
        wait_for(pq_.get(), POLLIN | POLLOUT, -1);
        PQconsumeInput(pq_.get());
    }
}

// The results up to the next sync: the answer, or the first error.
outcome session::receive() {
    outcome received;
    while (PQstatus(pq_.get()) == CONNECTION_OK) {
        result answer(PQgetResult(pq_.get()), &PQclear);
        if (PQresultStatus(answer.get()) == PGRES_PIPELINE_SYNC)
            return received;
        if (answer == nullptr)
            continue;
        received.problem = problem_of(answer.get());
        received.rows = std::move(answer);
    }
    received.problem = lost();
    return received;
}

// --- Transactions ------------------------------------------------------------------------------

void session::begin(const transaction_options &options) {
    constexpr std::array levels{"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"};
    if (in_transaction())
        throw error("the connection is in a transaction already");
    ensure_connected();
    std::string sql = "BEGIN ISOLATION LEVEL ";
    sql += levels[static_cast<std::size_t>(options.isolation)];
    sql += options.read_only ? " READ ONLY" : " READ WRITE";
    command(sql.c_str());
    in_transaction_ = true;
}

// A transaction in which something failed is rolled back by COMMIT, without an error.
void session::commit() {
    in_transaction_ = false;
    result answer(PQexec(pq_.get(), "COMMIT"), &PQclear);
    require_success(answer);
    if (PQcmdStatus(answer.get()) != std::string_view("COMMIT"))
        throw sql_error("the transaction was rolled back, as an operation in it had failed",
                        "25P02");
}

void session::rollback() noexcept {
    in_transaction_ = false;
    PQclear(PQexec(pq_.get(), "ROLLBACK"));
}

}  // namespace kvstore::detail
