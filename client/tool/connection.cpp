#include "connection.hpp"

#include <poll.h>
#include <unistd.h>

#include "interrupt.hpp"

namespace kv {

namespace {

using connection_pointer = std::unique_ptr<PGconn, decltype(&PQfinish)>;

connection_pointer connect_as(const connection_settings &settings, const char *password) {
    // What stands before a connection string are defaults, what stands after it goes before it.
    std::vector<const char *> keywords{"fallback_application_name", "dbname", "client_encoding"};
    std::vector<const char *> values{"kv", settings.dbname.c_str(), "UTF8"};
    const auto add = [&](const char *keyword, const char *value) {
        if (value != nullptr && *value != '\0') {
            keywords.push_back(keyword);
            values.push_back(value);
        }
    };
    add("host", settings.host.c_str());
    add("port", settings.port.c_str());
    add("user", settings.user.c_str());
    add("password", password);
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    return {PQconnectdbParams(keywords.data(), values.data(), 1), &PQfinish};
}

std::string message_of(const PGconn *pq) {
    std::string message = PQerrorMessage(pq);
    while (message.ends_with('\n'))
        message.pop_back();
    return message;
}

using quoted_text = std::unique_ptr<char, decltype(&PQfreemem)>;

// libpq would take what precedes it for the whole.
void require_no_zero_byte(std::string_view text) {
    if (text.find('\0') != text.npos)
        throw kvstore::sql_error("text cannot have a zero byte", "22021");
}

}  // namespace

PGconn *connection::pq() {
    if (!connected())
        connect();
    return pq_.get();
}

kvstore::client &connection::client() {
    PGconn *now = pq();
    if (!client_)
        client_ = kvstore::client::wrap(now, schema());
    return *client_;
}

void connection::disconnect() {
    cancel_on_interrupt(nullptr);
    client_.reset();
    schema_.clear();
    pq_.reset();
}

// What has come while nothing was under way can only be notices, or the end, which shows once they
// are read.
void connection::notice_end() {
    const auto has_something = [&] {
        pollfd socket{PQsocket(pq_.get()), POLLIN, 0};
        return poll(&socket, 1, 0) > 0;
    };
    while (connected() && has_something() && PQconsumeInput(pq_.get()) == 1) {
    }
}

void connection::connect() {
    disconnect();
    pq_ = connect_as(settings_, nullptr);
    if (PQconnectionNeedsPassword(pq_.get()) && !settings_.never_ask && isatty(STDIN_FILENO))
        if (const char *password = getpass("Password: "); password != nullptr)
            pq_ = connect_as(settings_, password);
    if (!connected())
        throw kvstore::connection_error(message_of(pq_.get()));
    cancel_on_interrupt(pq_.get());
    if (PQparameterStatus(pq_.get(), "server_encoding") == std::string_view("SQL_ASCII"))
        PQsetClientEncoding(pq_.get(), "SQL_ASCII");
    // Which parameter it was, of a statement that the user has not seen.
    PQsetErrorContextVisibility(pq_.get(), PQSHOW_CONTEXT_NEVER);
}

// --- The extension -----------------------------------------------------------------------------

const std::string &connection::schema() {
    PGconn *now = pq();
    if (schema_.empty())
        schema_ = settings_.schema;
    if (!schema_.empty())
        return schema_;
    const result answer = query(
        "SELECT n.nspname FROM pg_catalog.pg_extension e"
        " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace"
        " WHERE e.extname OPERATOR(pg_catalog.=) 'kvstore'::pg_catalog.name");
    if (PQntuples(answer.get()) == 0)
        throw kvstore::error("the database \"" + std::string(PQdb(now)) +
                             "\" has no extension kvstore\nHINT:  Create it there: "
                             "CREATE EXTENSION kvstore.");
    return schema_ = PQgetvalue(answer.get(), 0, 0);
}

std::string connection::in_extension(const char *name) {
    return quote_name(schema()) + "." + name;
}

// --- SQL ---------------------------------------------------------------------------------------

result connection::query(const std::string &sql, const std::vector<sql_parameter> &parameters) {
    return execute(sql, parameters, 0);
}

result connection::query_in_binary(const std::string &sql,
                                   const std::vector<sql_parameter> &parameters) {
    return execute(sql, parameters, 1);
}

result connection::execute(const std::string &sql, const std::vector<sql_parameter> &parameters,
                           int result_format) {
    std::vector<const char *> values;
    std::vector<int> lengths;
    std::vector<int> formats;
    for (const sql_parameter &each : parameters) {
        if (!each.binary)
            require_no_zero_byte(each.bytes);
        values.push_back(each.bytes.c_str());
        lengths.push_back(static_cast<int>(each.bytes.size()));
        formats.push_back(each.binary ? 1 : 0);
    }
    result answer(PQexecParams(pq(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                               values.data(), lengths.data(), formats.data(), result_format),
                  &PQclear);
    require_success(answer.get());
    return answer;
}

std::string connection::quote(std::string_view text) {
    require_no_zero_byte(text);
    const quoted_text literal(PQescapeLiteral(pq(), text.data(), text.size()), &PQfreemem);
    if (literal == nullptr)
        throw kvstore::error(message_of(pq_.get()));
    return literal.get();
}

std::string connection::quote_name(std::string_view name) {
    require_no_zero_byte(name);
    const quoted_text quoted(PQescapeIdentifier(pq(), name.data(), name.size()), &PQfreemem);
    if (quoted == nullptr)
        throw kvstore::error(message_of(pq_.get()));
    return quoted.get();
}

void connection::require_success(const PGresult *answer) {
    switch (PQresultStatus(answer)) {
        case PGRES_TUPLES_OK:
        case PGRES_COMMAND_OK:
        case PGRES_COPY_OUT:
            return;
        default:
            const char *sqlstate = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
            if (sqlstate == nullptr || !connected())
                throw kvstore::connection_error(message_of(pq_.get()));
            throw kvstore::sql_error(PQresultErrorMessage(answer), sqlstate);
    }
}

}  // namespace kv
