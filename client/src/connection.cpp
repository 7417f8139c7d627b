#include "connection.hpp"

#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "kvstore/error.hpp"

namespace kvstore {

namespace {

constexpr int binary = 1;

PGconn *connect(const std::string &conninfo) {
    // What conninfo says comes first, so that it has the last word.
    constexpr std::array<const char *, 5> keywords{"client_encoding", "fallback_application_name",
                                                   "dbname", nullptr};
    const std::array<const char *, 5> values{"UTF8", "kvstore", conninfo.c_str(), nullptr};
    return PQconnectdbParams(keywords.data(), values.data(), 1);
}

std::string without_newline(std::string message) {
    while (!message.empty() && message.back() == '\n')
        message.pop_back();
    return message;
}

}  // namespace

parameter::parameter(double number) : is_number_(true) {
    auto bits = std::bit_cast<std::uint64_t>(number);
    for (std::size_t i = 0; i < number_.size(); i++)
        number_[i] = static_cast<char>(bits >> (56 - 8 * i));
}

int parameter::size() const {
    if (is_number_)
        return static_cast<int>(number_.size());
    if (text_.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw error("a parameter of more than 2 GB cannot be sent");
    return static_cast<int>(text_.size());
}

std::optional<std::string> value_of(const result &from) {
    if (PQgetisnull(from.get(), 0, 0))
        return std::nullopt;
    return std::string(PQgetvalue(from.get(), 0, 0),
                       static_cast<std::size_t>(PQgetlength(from.get(), 0, 0)));
}

bool bool_of(const result &from) {
    return *PQgetvalue(from.get(), 0, 0) != 0;
}

connection::connection(const std::string &conninfo) : pq_(connect(conninfo), &PQfinish) {
    if (PQstatus(pq_.get()) != CONNECTION_OK)
        throw connection_error(without_newline(PQerrorMessage(pq_.get())));
}

result connection::run(const statement &what, std::span<const parameter> parameters) {
    if (PQstatus(pq_.get()) != CONNECTION_OK)
        connect_again();
    if (!prepared_.contains(what.name))
        prepare(what);

    std::vector<const char *> values;
    std::vector<int> lengths;
    for (const parameter &each : parameters) {
        values.push_back(each.data());
        lengths.push_back(each.size());
    }
    const std::vector<int> formats(parameters.size(), binary);
    result answer(PQexecPrepared(pq_.get(), what.name, static_cast<int>(parameters.size()),
                                 values.data(), lengths.data(), formats.data(), binary),
                  &PQclear);
    require_success(answer);
    return answer;
}

void connection::connect_again() {
    prepared_.clear();
    PQreset(pq_.get());
    if (PQstatus(pq_.get()) != CONNECTION_OK)
        throw connection_error(without_newline(PQerrorMessage(pq_.get())));
}

void connection::prepare(const statement &what) {
    require_success(result(PQprepare(pq_.get(), what.name, what.sql, 0, nullptr), &PQclear));
    prepared_.insert(what.name);
}

void connection::require_success(const result &of) {
    ExecStatusType status = PQresultStatus(of.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return;
    const char *sqlstate = PQresultErrorField(of.get(), PG_DIAG_SQLSTATE);
    if (sqlstate == nullptr || PQstatus(pq_.get()) != CONNECTION_OK)
        throw connection_error(without_newline(PQerrorMessage(pq_.get())));
    throw sql_error(without_newline(PQresultErrorMessage(of.get())), sqlstate);
}

}  // namespace kvstore
