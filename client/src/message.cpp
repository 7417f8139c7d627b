#include "message.hpp"

#include <cstdint>

#include "kvstore/error.hpp"

namespace kvstore::detail {

namespace {

constexpr int binary = 1;

// What PostgreSQL takes in one message: less than 1 GB (MaxAllocSize), headers included.
constexpr std::size_t most_bytes = 0x3fffffff - 4096;

// 64 bits (FNV-1a), for a few hundred different texts.
std::string digest(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (char each : text)
        hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3;
    std::string digits;
    for (int shift = 60; shift >= 0; shift -= 4)
        digits += "0123456789abcdef"[hash >> shift & 15];
    return digits;
}

}  // namespace

statement::statement(const request &what, const std::string &schema)
    : text(what.sql(schema)), name("kvstore_" + digest(text)) {}

result statement::prepare(PGconn *on) const {
    return {PQprepare(on, name.c_str(), text.c_str(), 0, nullptr), &PQclear};
}

message::message(const request &what, const std::string &schema) : statement_(what, schema) {
    std::size_t size = statement_.text.size();
    for (const parameter &each : what.parameters)
        size += each.size();
    if (size > most_bytes)
        throw sql_error("a call with 1 GB or more of keys and values cannot be sent", "54000");
    for (const parameter &each : what.parameters) {
        values_.push_back(each.data());
        lengths_.push_back(static_cast<int>(each.size()));
        formats_.push_back(each.binary ? binary : 0);
    }
}

bool message::send(PGconn *on, way how) const {
    const auto count = static_cast<int>(values_.size());
    if (how == way::by_name)
        return PQsendQueryPrepared(on, statement_.name.c_str(), count, values_.data(),
                                   lengths_.data(), formats_.data(), binary) == 1;
    return PQsendQueryParams(on, statement_.text.c_str(), count, nullptr, values_.data(),
                             lengths_.data(), formats_.data(), binary) == 1;
}

answered message::run(PGconn *on, way how) const {
    if (how == way::by_name)
        return run_by_name(on);
    if (how == way::preparing)
        return prepare_and_run(on);
    return {result(PQexecParams(on, statement_.text.c_str(), static_cast<int>(values_.size()),
                                nullptr, values_.data(), lengths_.data(), formats_.data(), binary),
                   &PQclear),
            false};
}

answered message::run_by_name(PGconn *on) const {
    result rows(PQexecPrepared(on, statement_.name.c_str(), static_cast<int>(values_.size()),
                               values_.data(), lengths_.data(), formats_.data(), binary),
                &PQclear);
    const bool is_prepared = sqlstate_of(rows.get()) != "26000";
    return {std::move(rows), is_prepared};
}

// With one sync, so that a pooler gives both the same server.
answered message::prepare_and_run(PGconn *on) const {
    answered all{result(nullptr, &PQclear), false};
    if (PQenterPipelineMode(on) != 1)
        return all;
    bool is_sent =
        PQsendPrepare(on, statement_.name.c_str(), statement_.text.c_str(), 0, nullptr) == 1 &&
        send(on, way::by_name) && PQpipelineSync(on) == 1;
    while (is_sent && PQstatus(on) == CONNECTION_OK) {
        result next(PQgetResult(on), &PQclear);
        if (PQresultStatus(next.get()) == PGRES_PIPELINE_SYNC)
            break;
        if (PQresultStatus(next.get()) == PGRES_COMMAND_OK)
            all.is_prepared = true;
        if (next != nullptr && sqlstate_of(all.rows.get()).empty())  // the first error stays
            all.rows = std::move(next);
    }
    if (all.rows == nullptr && PQstatus(on) != CONNECTION_OK)  // its last word, if it came
        all.rows.reset(PQgetResult(on));
    PQexitPipelineMode(on);
    return all;
}

std::string_view sqlstate_of(const PGresult *answer) {
    const char *sqlstate = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    return sqlstate != nullptr ? sqlstate : "";
}

}  // namespace kvstore::detail
