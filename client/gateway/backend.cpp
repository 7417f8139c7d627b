#include "backend.hpp"

#include <algorithm>
#include <charconv>

#include "log.hpp"
#include "rules/redis_batch.hpp"

namespace kvstore::gateway {

namespace {

constexpr auto longest_login = std::chrono::seconds(10);
// libpq never gives back what it has needed for a message.
constexpr std::size_t usual_exchange = std::size_t{32} << 20;
constexpr int most_reads = 8;
constexpr const char *statement_name = "kv_redis_batch";
constexpr Oid bytea_oid = 17;

// As libpq words it, without the line breaks at its end.
std::string trimmed(std::string_view message) {
    while (message.ends_with('\n'))
        message.remove_suffix(1);
    return std::string(message);
}

// The SQLSTATE in a message that libpq has made with PQERRORS_VERBOSE: ".. FATAL:  28P01: ..". It
// tells it in no other way while it connects.
std::string_view sqlstate_in(std::string_view message) {
    const auto is_of_code = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
    constexpr std::string_view before = ":  ";
    const std::size_t at = message.find(before);
    const std::string_view code = at == message.npos ? "" : message.substr(at + before.size(), 5);
    return std::ranges::all_of(code, is_of_code) ? code : "";
}

// A statement of that name is there, or is not, since others have the connection in turn.
bool is_about_sharing(std::string_view sqlstate) {
    return sqlstate == "42P05" || sqlstate == "26000";
}

constexpr const char *about_poolers =
    ". Is there a pooler that gives each transaction another connection? Connect to the server "
    "itself, or have the pooler keep a connection for a session";

// A pooler makes up the number of the server's process that it tells at the login. To whom it gives
// which connection cannot be seen.
void warn_of_pooler() {
    static bool is_told = false;
    if (!std::exchange(is_told, true))
        log("warning: there is a pooler in front of the server, which has to keep a connection for "
            "a session (pool_mode = session in pgbouncer)");
}

// The user, the password, or what pg_hba.conf says of them.
bool is_about_login(std::string_view sqlstate) {
    return sqlstate == "28P01" || sqlstate == "28000";
}

// Without the lines that say where in PostgreSQL's source it comes from.
std::string without_locations(std::string_view message) {
    std::string text = trimmed(message);
    for (std::size_t at; (at = text.find("\nLOCATION: ")) != text.npos;)
        text.erase(at, text.find('\n', at + 1) - at);
    return text;
}

answer answer_of(result from) {
    const ExecStatusType status = PQresultStatus(from.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return {.how = answer::kind::done, .rows = std::move(from), .sqlstate = {}, .message = {}};
    const auto field = [&](int which) {
        const char *text = PQresultErrorField(from.get(), which);
        return std::string(text != nullptr ? text : "");
    };
    answer failed{.how = answer::kind::failed,
                  .rows = {},
                  .sqlstate = field(PG_DIAG_SQLSTATE),
                  .message = field(PG_DIAG_MESSAGE_PRIMARY)};
    if (const std::string hint = field(PG_DIAG_MESSAGE_HINT); !hint.empty())
        failed.message += ". " + hint;
    if (is_about_sharing(failed.sqlstate))
        failed.message += about_poolers;
    // A place in what we have sent; errors of other statements within have theirs elsewhere.
    failed.is_unplanned = !field(PG_DIAG_STATEMENT_POSITION).empty();
    return failed;
}

}  // namespace

// --- The connection ----------------------------------------------------------------------------

void backend::close() {
    if (connection_ == nullptr)
        return;
    if (socket_.is_open())
        socket_.release();
    PQfinish(std::exchange(connection_, nullptr));
}

bool backend::is_open() {
    if (connection_ == nullptr)
        return false;
    // A server that ends says so first: only behind that is the end. But where notifications come
    // faster than they can be read, there is none.
    for (int reads = 0; reads < most_reads && has_input(PQsocket(connection_)); reads++) {
        if (PQconsumeInput(connection_) == 0 || PQstatus(connection_) != CONNECTION_OK) {
            close();
            return false;
        }
        PQisBusy(connection_);  // takes the messages out of the buffer, which else would grow
    }
    return true;
}

// libpq takes another socket for the server's next address.
void backend::follow_socket() {
    const int number = PQsocket(connection_);
    if (socket_.is_open() && socket_.native_handle() == number)
        return;
    if (socket_.is_open())
        socket_.release();
    if (number >= 0)
        socket_.assign(number);
}

task<bool> backend::wait(descriptor::wait_type what) {
    asio::error_code problem;
    co_await socket_.async_wait(what, on_error(problem));
    co_return !problem && connection_ != nullptr;
}

task<std::string> backend::open(const server_address &to) {
    close();
    refused_ = bloated_ = false;
    std::string problem = co_await log_in(to);
    if (problem.empty())
        problem = co_await meet(to);
    if (!problem.empty())
        close();
    co_return problem;
}

task<std::string> backend::log_in(const server_address &to) {
    std::vector<const char *> keywords{"fallback_application_name", "dbname", "client_encoding"};
    std::vector<const char *> values{"kvstore-redis", to.conninfo.c_str(), "UTF8"};
    for (const auto &[keyword, value] : {std::pair("user", &to.user), {"password", &to.password}})
        if (!value->empty()) {
            keywords.push_back(keyword);
            values.push_back(value->c_str());
        }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    connection_ = PQconnectStartParams(keywords.data(), values.data(), 1);
    PQsetErrorVerbosity(connection_, PQERRORS_VERBOSE);
    // The timer may have run out just when all of this is over.
    const auto running = std::make_shared<backend *>(this);
    steady_timer deadline(on_, longest_login);
    deadline.async_wait([since = std::weak_ptr(running)](asio::error_code canceled) {
        const auto its = since.lock();
        if (!canceled && its && (*its)->socket_.is_open())
            (*its)->socket_.cancel();
    });
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (PQstatus(connection_) != CONNECTION_BAD && state != PGRES_POLLING_OK) {
        follow_socket();
        const auto what =
            state == PGRES_POLLING_READING ? descriptor::wait_read : descriptor::wait_write;
        const bool is_ready = co_await wait(what);
        if (!is_ready)
            co_return "the server did not answer in time";
        // It may close one socket, and open another with the same number.
        socket_.release();
        state = PQconnectPoll(connection_);
        if (state == PGRES_POLLING_FAILED)
            break;
    }
    if (PQstatus(connection_) != CONNECTION_OK) {
        const std::string_view message = PQerrorMessage(connection_);
        refused_ =
            PQconnectionUsedPassword(connection_) == 1 && is_about_login(sqlstate_in(message));
        co_return without_locations(message);
    }
    if (to.must_ask && PQconnectionUsedPassword(connection_) == 0)
        co_return "the server did not ask for the password";
    follow_socket();
    PQsetErrorVerbosity(connection_, PQERRORS_DEFAULT);
    PQsetnonblocking(connection_, 1);
    PQsetNoticeProcessor(
        connection_, [](void *, const char *) {}, nullptr);
    co_return "";
}

// --- Meeting the extension ---------------------------------------------------------------------

task<std::string> backend::meet(const server_address &to) {
    if (!to.stores.empty()) {
        const answer set = co_await execute(
            "SELECT pg_catalog.set_config('kvstore.redis_stores', $1, false)", to.stores.c_str());
        if (set.how != answer::kind::done)
            co_return "--stores: " + set.message;
    }
    co_await have_end_noticed();
    co_return co_await find_extension();
}

// So that what waits for a row ends when this program is killed, which cannot withdraw it. Not
// every system lets the server notice.
task<void> backend::have_end_noticed() {
    co_await execute("SET client_connection_check_interval = '1s'");
}

// A connection that is not needed any more is closed by the pool; one that listens is needed.
task<std::string> backend::find_extension() {
    const answer schema = co_await execute(
        "SELECT pg_catalog.quote_ident(n.nspname), "
        "(SELECT r.oid FROM pg_catalog.pg_roles AS r "
        "WHERE r.rolname OPERATOR(pg_catalog.=) SESSION_USER), pg_catalog.pg_backend_pid(), "
        "pg_catalog.set_config('idle_session_timeout', '0', false) "
        "FROM pg_catalog.pg_extension AS e "
        "JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace "
        "WHERE e.extname OPERATOR(pg_catalog.=) 'kvstore'");
    if (schema.how != answer::kind::done)
        co_return schema.message;
    if (PQntuples(schema.rows.get()) == 0)
        co_return std::string("database \"") + PQdb(connection_) +
            "\" does not have the extension: CREATE EXTENSION kvstore";
    role_number_ = schema.rows.bytes(0, 1);
    process_ = schema.rows.bytes(0, 2);
    if (process_ != std::to_string(PQbackendPID(connection_)))
        warn_of_pooler();
    const std::string statement =
        "SELECT " + std::string(schema.rows.bytes()) + ".kv_redis_batch($1)";
    PQsendPrepare(connection_, statement_name, statement.c_str(), 1, &bytea_oid);
    const answer prepared = co_await read_answer();
    if (prepared.sqlstate == "42883")
        co_return "the extension kvstore in database \"" + std::string(PQdb(connection_)) +
            "\" is older than this program: ALTER EXTENSION kvstore UPDATE";
    if (prepared.how != answer::kind::done)
        co_return prepared.message;
    co_return co_await learn_databases();
}

task<std::string> backend::learn_databases() {
    std::string batch;
    redis::batch_writer writer(batch, 0);
    writer.begin_section(2, 0);
    writer.begin_command(1);
    writer.argument("_DATABASES");
    writer.end_section();
    const answer told = co_await call_once(batch);
    if (told.how != answer::kind::done)
        co_return told.message;
    redis::replies_reader replies(told.rows.bytes());
    if (replies.version() != redis::batch_version)
        co_return "the extension kvstore answers in version " + std::to_string(replies.version()) +
            " of the batch format, and this program knows " + std::to_string(redis::batch_version) +
            ": update the older of them";
    if (replies.has_section()) {
        redis::section_replies section = replies.next_section();
        const std::string_view reply = section.answered() == 1 ? section.next_reply() : "";
        if (reply.starts_with(':'))
            std::from_chars(reply.data() + 1, reply.data() + reply.size(), databases_);
    }
    co_return "";
}

// The extension may be in another schema by now: ALTER SCHEMA .. RENAME, or DROP and CREATE. Says
// whether the call is worth another try; else the connection is closed, and `told` says why.
task<bool> backend::has_met_again(answer &told) {
    const std::string forget = "DEALLOCATE " + std::string(statement_name);
    const answer forgotten = co_await execute(forget.c_str());
    std::string problem = forgotten.message;
    if (problem.empty())
        problem = co_await find_extension();
    if (problem.empty())
        co_return true;
    told.message = problem;
    close();
    co_return false;
}

// --- Calls --------------------------------------------------------------------------------------

bool backend::send_batch(std::string_view batch) {
    bloated_ |= batch.size() > usual_exchange;
    const char *values[] = {batch.data()};
    const int lengths[] = {static_cast<int>(batch.size())};
    const int formats[] = {1};
    return PQsendQueryPrepared(connection_, statement_name, 1, values, lengths, formats, 1) == 1;
}

task<answer> backend::call(std::string_view batch, waiting how) {
    answer told = co_await call_once(batch, how);
    if (told.is_unplanned) {
        const bool is_worth_it = co_await has_met_again(told);
        if (is_worth_it)
            told = co_await call_once(batch, how);
    }
    co_return told;
}

task<answer> backend::call_in_transaction(const char *begin, std::string_view batch) {
    answer told = co_await call_once_in_transaction(begin, batch);
    if (told.is_unplanned) {
        const bool is_worth_it = co_await has_met_again(told);
        if (is_worth_it)
            told = co_await call_once_in_transaction(begin, batch);
    }
    co_return told;
}

task<answer> backend::call_once(std::string_view batch, waiting how) {
    if (!send_batch(batch))
        co_return lost();
    co_return co_await read_answer(how);
}

// In one exchange: what fails has the rest skipped, and the transaction is rolled back.
task<answer> backend::call_once_in_transaction(const char *begin, std::string_view batch) {
    const auto send = [&](const char *statement) {
        return PQsendQueryParams(connection_, statement, 0, nullptr, nullptr, nullptr, nullptr, 0);
    };
    PQenterPipelineMode(connection_);
    if (send(begin) == 0 || !send_batch(batch) || send("COMMIT") == 0 ||
        PQpipelineSync(connection_) == 0)
        co_return lost();
    const bool is_sent = co_await send_rest();
    if (!is_sent)
        co_return lost();
    answer first_failure;
    answer of_batch;
    for (int statement = 0; statement < 3; statement++) {
        result one = co_await read_result();
        if (one.get() == nullptr)
            co_return lost();
        const bool skipped = PQresultStatus(one.get()) == PGRES_PIPELINE_ABORTED;
        const bool undone =
            statement == 2 && PQcmdStatus(one.get()) == std::string_view("ROLLBACK");
        const result null_behind = co_await read_result();
        answer each = answer_of(std::move(one));
        if (undone)
            each = {answer::kind::failed, {}, "40000", "the transaction was rolled back"};
        if (!skipped && each.how == answer::kind::failed)
            first_failure = std::move(each);
        else if (statement == 1)
            of_batch = std::move(each);
    }
    const result sync = co_await read_result();
    if (PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC)
        co_return lost();
    PQexitPipelineMode(connection_);
    if (PQtransactionStatus(connection_) != PQTRANS_IDLE) {
        const answer undone = co_await execute("ROLLBACK");
        if (undone.how != answer::kind::done)
            close();
    }
    co_return first_failure.how == answer::kind::failed ? std::move(first_failure)
                                                        : std::move(of_batch);
}

task<answer> backend::execute(const char *statement, const char *argument) {
    const char *values[] = {argument};
    if (PQsendQueryParams(connection_, statement, argument != nullptr ? 1 : 0, nullptr, values,
                          nullptr, nullptr, 0) == 0)
        co_return lost();
    co_return co_await read_answer();
}

std::string_view backend::parameter(const char *name) const {
    const char *value = connection_ != nullptr ? PQparameterStatus(connection_, name) : nullptr;
    return value != nullptr ? value : "";
}

task<void> backend::wait_for_input() {
    const bool is_ready = co_await wait(descriptor::wait_read);
    if (is_ready)
        is_open();
}

// --- Sending and reading ------------------------------------------------------------------------

task<bool> backend::send_rest() {
    for (;;) {
        const int state = connection_ != nullptr ? PQflush(connection_) : -1;
        if (state <= 0)
            co_return state == 0;
        const bool is_ready = co_await wait(descriptor::wait_write);
        if (!is_ready)
            co_return false;
    }
}

// The next result, or none where libpq has none.
task<result> backend::read_result() {
    while (connection_ != nullptr && PQisBusy(connection_) == 1) {
        const bool is_ready = co_await wait(descriptor::wait_read);
        if (!is_ready || PQconsumeInput(connection_) == 0)
            break;
        if (take_notifications_)
            take_notifications_();
    }
    if (connection_ == nullptr || PQstatus(connection_) != CONNECTION_OK)
        co_return result();
    result next(PQgetResult(connection_));
    bloated_ |= PQresultMemorySize(next.get()) > usual_exchange;
    co_return next;
}

task<answer> backend::read_answer(waiting how) {
    const bool is_sent = co_await send_rest();
    if (!is_sent)
        co_return lost();
    if (how == waiting::awake && awake_.finds_input(PQsocket(connection_)) &&
        PQconsumeInput(connection_) == 0)
        co_return lost();
    result first = co_await read_result();
    if (first.get() == nullptr)
        co_return lost();
    answer told = answer_of(std::move(first));
    for (;;) {
        result next = co_await read_result();
        if (next.get() == nullptr)
            break;
        // Behind the rows comes what the commit has failed by.
        if (told.how == answer::kind::done)
            told = answer_of(std::move(next));
    }
    // A backend that ends says why, but not whether it had committed.
    if (connection_ == nullptr || PQstatus(connection_) != CONNECTION_OK)
        co_return lost();
    co_return told;
}

answer backend::lost() {
    answer what{.how = answer::kind::lost, .rows = {}, .sqlstate = {}, .message = "it was closed"};
    if (connection_ != nullptr)
        what.message = trimmed(PQerrorMessage(connection_));
    close();
    return what;
}

}  // namespace kvstore::gateway
