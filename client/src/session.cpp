#include "session.hpp"

#include <array>

#include "kvstore/error.hpp"

namespace kvstore::detail {

namespace {

std::string without_newline(std::string message) {
    while (!message.empty() && message.back() == '\n')
        message.pop_back();
    return message;
}

// The statement is not prepared, or it is already: it was on another server. Nothing was
// carried out.
bool is_about_the_name(std::string_view sqlstate) {
    return sqlstate == "26000" || sqlstate == "42P05";
}

error_fields fields_of(const PGresult *answer) {
    auto field = [&](int code) {
        const char *value = PQresultErrorField(answer, code);
        return std::string(value != nullptr ? value : "");
    };
    return {field(PG_DIAG_SQLSTATE), field(PG_DIAG_MESSAGE_PRIMARY), field(PG_DIAG_MESSAGE_DETAIL),
            field(PG_DIAG_MESSAGE_HINT)};
}

template <class Error>
std::exception_ptr as(const std::string &text, error_fields fields) {
    return std::make_exception_ptr(Error(text, std::move(fields)));
}

std::exception_ptr to_sql_error(const std::string &text, error_fields fields) {
    if (fields.sqlstate == "40001")
        return as<serialization_failure>(text, std::move(fields));
    if (fields.sqlstate == "40P01")
        return as<deadlock_detected>(text, std::move(fields));
    if (fields.sqlstate == "42501")
        return as<insufficient_privilege>(text, std::move(fields));
    if (fields.sqlstate == "42P01")
        return as<undefined_store>(text, std::move(fields));
    return as<sql_error>(text, std::move(fields));
}

// Text comes and goes as UTF-8, or as it is.
bool takes_utf8(PGconn *connection) {
    auto is = [&](const char *parameter, std::string_view encoding) {
        const char *value = PQparameterStatus(connection, parameter);
        return value != nullptr && value == encoding;
    };
    return is("client_encoding", "UTF8") ||
           (is("client_encoding", "SQL_ASCII") &&
            (is("server_encoding", "UTF8") || is("server_encoding", "SQL_ASCII")));
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
    is_direct_.reset();
    pq_.reset(connect_to_server(options_));
    if (PQstatus(pq_.get()) != CONNECTION_OK)
        std::rethrow_exception(lost());
}

// What has reached us while nothing was under way can only be notices, or the end, which shows
// once they are read. So a connection that ended meanwhile is found out before it is used.
void session::notice_end() {
    while (usable() && wait_for(pq_.get(), POLLIN, 0) && PQconsumeInput(pq_.get()) == 1) {
    }
    may_take_effect_ = false;
}

void session::ensure_connected() {
    notice_end();
    if (!usable() && is_own_ && !in_transaction_)
        connect();
    if (!usable())
        std::rethrow_exception(lost());
    require_ready();
}

// What the application does with its own connection is not to be disturbed, or read.
void session::require_ready() const {
    if (is_own_)
        return;
    if (PQtransactionStatus(pq_.get()) == PQTRANS_ACTIVE ||
        PQpipelineStatus(pq_.get()) != PQ_PIPELINE_OFF)
        throw error("the connection is busy with something else");
    require_utf8();
}

// The application may change it at any time.
void session::require_utf8() const {
    if (!takes_utf8(pq_.get()))
        throw error(std::string("the connection's client_encoding is ") +
                    PQparameterStatus(pq_.get(), "client_encoding") +
                    ", and not UTF8, in which text comes and goes here");
}

std::exception_ptr session::lost() const {
    return lost(PQerrorMessage(pq_.get()));
}

std::exception_ptr session::lost(std::string why) const {
    return std::make_exception_ptr(connection_error(without_newline(std::move(why))));
}

std::exception_ptr session::lost_in_the_middle(std::string why) const {
    if (!may_take_effect_)
        return lost(std::move(why));
    return std::make_exception_ptr(in_doubt_error(without_newline(std::move(why))));
}

bool session::usable() const noexcept {
    return PQstatus(pq_.get()) == CONNECTION_OK;
}

bool session::in_transaction() const noexcept {
    return in_transaction_ || PQtransactionStatus(pq_.get()) == PQTRANS_INTRANS ||
           PQtransactionStatus(pq_.get()) == PQTRANS_INERROR;
}

// --- Requests ----------------------------------------------------------------------------------

// A pooler may give each transaction another server. There the name of a statement may not be
// known yet, or be known already, which says so before anything is carried out: then the other way
// is gone, and at last the one that needs no name.
result session::run(const request &what) {
    require_under_way(what.transaction);
    ensure_connected();
    const message ready(what, options_.schema);
    std::array ways{way::by_name, way::preparing, way::as_text};
    if (!uses_names())
        ways.fill(way::as_text);
    else if (!prepared_.contains(ready.name()))
        std::swap(ways[0], ways[1]);
    answered answer{result(nullptr, &PQclear), false};
    may_take_effect_ = !in_transaction();
    for (way how : ways) {
        answer = ready.run(pq_.get(), how);
        if (answer.is_prepared)
            prepared_.insert(ready.name());
        if (how == way::as_text || in_transaction_ ||
            !is_about_the_name(sqlstate_of(answer.rows.get())))
            break;
    }
    require_success(answer.rows);
    return std::move(answer.rows);
}

// Where an error could not be made good (in a transaction; in a batch, whose order is to be kept)
// only on a server that is ours alone.
bool session::uses_names() {
    return options_.prepared && (!in_transaction_ || is_direct());
}

// Whether it is the server itself that we are connected to: poolers say that they are another
// process than the one that answers.
bool session::is_direct() {
    if (!is_direct_) {
        const result answer = command("SELECT pg_catalog.pg_backend_pid()");
        is_direct_ = PQgetvalue(answer.get(), 0, 0) == std::to_string(PQbackendPID(pq_.get()));
    }
    return *is_direct_;
}

result session::command(const char *sql) {
    result answer(PQexec(pq_.get(), sql), &PQclear);
    require_success(answer);
    return answer;
}

void session::require_success(const result &answer) const {
    std::exception_ptr problem = problem_of(answer.get());
    if (problem && !usable() && !sqlstate_of(answer.get()).empty())  // it says why
        problem = lost_in_the_middle(PQresultErrorMessage(answer.get()));
    if (problem)
        std::rethrow_exception(problem);
}

std::exception_ptr session::problem_of(const PGresult *answer) const {
    ExecStatusType status = PQresultStatus(answer);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return nullptr;
    const std::string_view sqlstate = sqlstate_of(answer);
    if (sqlstate.empty())
        return lost_in_the_middle(PQerrorMessage(pq_.get()));
    std::string text = without_newline(PQresultErrorMessage(answer));
    if (sqlstate == "57014")
        return std::make_exception_ptr(timeout_error(text));
    error_fields fields = fields_of(answer);
    if (is_about_the_name(sqlstate) && options_.prepared) {
        fields.hint = "Behind this pooler, connect with prepared = false.";
        text += "\nHINT:  " + fields.hint;
    }
    return to_sql_error(text, std::move(fields));
}

// --- Batches -----------------------------------------------------------------------------------

void session::run_all(std::span<request> requests, const receiver &tell) {
    for (const request &each : requests)
        require_under_way(each.transaction);
    ensure_connected();
    const bool by_name = options_.prepared && is_direct();
    if (by_name && !in_transaction_)
        prepare_all(requests);
    may_take_effect_ = !in_transaction();
    batch sending(*this, pq_.get(), tell);
    for (std::size_t i = 0; i < requests.size(); i++) {
        try {
            const message ready(requests[i], options_.schema);
            sending.send(i, ready,
                         by_name && prepared_.contains(ready.name()) ? way::by_name : way::as_text);
        } catch (const error &) {
            tell(i, {.problem = std::current_exception()});
        }
        requests[i].parameters = {};
    }
    sending.finish();
}

// What cannot be prepared is sent as text, and fails in its turn.
void session::prepare_all(std::span<const request> requests) {
    for (const request &each : requests) {
        const statement needed(each, options_.schema);
        if (prepared_.contains(needed.name))
            continue;
        const result answer = needed.prepare(pq_.get());
        if (PQresultStatus(answer.get()) == PGRES_COMMAND_OK)
            prepared_.insert(needed.name);
        else if (!usable())
            std::rethrow_exception(lost());
    }
}

// --- Transactions ------------------------------------------------------------------------------

transaction_number session::begin(const transaction_options &options) {
    constexpr std::array levels{"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"};
    if (in_transaction())
        throw error("the connection is in a transaction already");
    ensure_connected();
    if (options_.prepared)
        is_direct();
    std::string sql = "BEGIN ISOLATION LEVEL ";
    sql += levels[static_cast<std::size_t>(options.isolation)];
    sql += options.read_only ? " READ ONLY" : " READ WRITE";
    command(sql.c_str());
    in_transaction_ = true;
    return ++begun_;
}

void session::require_under_way(transaction_number transaction) const {
    if (transaction != no_transaction && (!in_transaction_ || transaction != begun_))
        throw error("the transaction has ended");
}

// A transaction in which something failed is rolled back by COMMIT, without an error.
void session::commit() {
    notice_end();
    in_transaction_ = false;
    if (!usable())
        std::rethrow_exception(lost());
    require_ready();
    may_take_effect_ = true;
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
