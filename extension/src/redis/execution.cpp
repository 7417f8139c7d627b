#include "redis/execution.hpp"

#include "rules/key.hpp"
#include "server/errors.hpp"
#include "server/impatience.hpp"
#include "server/subtransaction.hpp"

namespace kvstore::redis {

void execution::begin_section(int protocol, int database) {
    out = reply(out.buffer(), protocol);
    database_ = database;
}

void execution::begin_command(bool waits) {
    waits_ = waits;
    would_wait_ = false;
    if (open_ > openings_.size() / 2)
        close();
}

// A server in SQL_ASCII does not know what its bytes are.
void execution::refuse(const char *words) {
    bool is_other = in_bytes_ && GetDatabaseEncoding() != PG_SQL_ASCII;
    out.error(is_other ? pg_server_to_any(words, static_cast<int>(strlen(words)), PG_UTF8) : words);
}

// --- Stores ---

const store *execution::open(const intent &what, int database) {
    for (std::size_t i = 0; i < open_; i++)
        if (openings_[i].database == database && openings_[i].privileges == what.privileges)
            return &openings_[i].opened;

    std::optional<const char *> name = name_of_database(database);
    if (!name) {
        out.error("ERR DB index is out of range");
        return nullptr;
    }
    Assert(open_ < openings_.size());  // begin_command() has made room
    Oid table = find_and_lock_store(*name, what.lock(), waits_);
    if (!OidIsValid(table)) {
        if (waits_ || !OidIsValid(find_store(*name)))
            refuse(psprintf("ERR no store %s: SELECT kv_create_store(%s, value_type => 'bytea')",
                            *name, quote_literal_cstr(*name)));
        else
            set_would_wait();
        return nullptr;
    }
    if (!is_of_entry_type(table)) {
        refuse(psprintf("ERR %s is not a store", *name));
        return nullptr;
    }
    if (what.writes() && refuses_to_write())
        return nullptr;
    intent wanted = what;
    wanted.takes_snapshot = false;
    std::optional<store> opened =
        waits_ ? open_store(table, wanted) : open_store_at_once(table, wanted);
    if (!opened) {
        set_would_wait();
        return nullptr;
    }
    forget_snapshot();  // which may be older than the lock
    openings_[open_] = {database, what.privileges, *opened};
    return &openings_[open_++].opened;
}

const store *execution::opened() const {
    for (const opening &each : std::span(openings_).first(open_))
        if (each.database == database_)
            return &each.opened;
    return nullptr;
}

bool execution::refuses_to_write() {
    bool refuses = XactReadOnly || RecoveryInProgress();
    if (refuses)
        out.error("READONLY You can't write against a read only replica.");
    return refuses;
}

void execution::close() {
    forget_snapshot();
    while (open_ > 0)
        close_store(openings_[--open_].opened);
}

// --- Arguments ---

Datum varlena_of(std::string_view bytes) {
    auto *result = static_cast<struct varlena *>(palloc(VARHDRSZ + bytes.size()));
    SET_VARSIZE(result, VARHDRSZ + bytes.size());
    if (!bytes.empty())  // data() may be nullptr then
        memcpy(VARDATA(result), bytes.data(), bytes.size());
    return PointerGetDatum(result);
}

std::optional<Datum> execution::key(std::string_view given) {
    if (given.size() > longest_key) {
        out.error(psprintf("ERR key of %zu bytes is too long, a key has at most %zu", given.size(),
                           longest_key));
        return std::nullopt;
    }
    if (!is_text(given)) {
        out.error(psprintf("ERR key is not valid text in encoding %s", GetDatabaseEncodingName()));
        return std::nullopt;
    }
    return varlena_of(given);
}

std::optional<std::span<Datum>> execution::keys(arguments given) {
    auto *keys = static_cast<Datum *>(palloc(sizeof(Datum) * given.size()));
    for (std::size_t i = 0; i < given.size(); i++) {
        std::optional<Datum> one = key(given[i]);
        if (!one)
            return std::nullopt;
        keys[i] = *one;
    }
    return std::span(keys, given.size());
}

std::optional<Datum> execution::value(const store &to, std::string_view given) {
    if (to.kind == value_kind::text && !is_text(given)) {
        refuse(psprintf("ERR value is not valid text in encoding %s, and the store %s keeps text",
                        GetDatabaseEncodingName(), RelationGetRelationName(to.table)));
        return std::nullopt;
    }
    return varlena_of(given);
}

// --- Reading and writing ---

void execution::take_snapshot() {
    if (has_snapshot_)
        return;
    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
    has_snapshot_ = true;
}

void execution::forget_snapshot() {
    if (has_snapshot_)
        PopActiveSnapshot();
    has_snapshot_ = false;
}

std::optional<entry> execution::read(const store &from, Datum key, bool want_value) {
    take_snapshot();
    return kvstore::read(from, key, want_value);
}

outcome execution::perform(const operation &op, const store &in, request asked) {
    forget_snapshot();
    asked.waits = waits_;
    outcome done = kvstore::perform(op, in, asked);
    if (done.met == hindrance::would_wait)
        set_would_wait();
    return done;
}

// --- As a whole ---

// What the errors of SQL are to a client of Redis: those that are about the command, not about the
// server. Others are raised again.
void execution::answer_or_raise(ErrorData *error) {
    switch (error->sqlerrcode) {
        case ERRCODE_LOCK_NOT_AVAILABLE:
            if (waits_)
                break;
            return set_would_wait();
        case ERRCODE_INSUFFICIENT_PRIVILEGE:
            return refuse(psprintf("NOPERM %s", error->message));
        case ERRCODE_READ_ONLY_SQL_TRANSACTION:
            return refuse(psprintf("READONLY %s", error->message));
        case ERRCODE_CHARACTER_NOT_IN_REPERTOIRE:
        case ERRCODE_UNTRANSLATABLE_CHARACTER:
        case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
        case ERRCODE_WRONG_OBJECT_TYPE:
            return refuse(psprintf("ERR %s", error->message));
    }
    ReThrowError(error);
}

bool execution::do_as_a_whole(bool (*work)(void *), void *context) {
    forget_snapshot();
    std::size_t written = out.buffer().size();
    ErrorData *error;
    bool done = in_subtransaction(
        [&] {
            int level = waits_ ? 0 : begin_impatience();
            bool is_done = work(context) && !would_wait_;
            forget_snapshot();
            if (level != 0)
                end_impatience(level);
            return is_done;
        },
        &error);
    if (error != nullptr) {
        has_snapshot_ = false;  // it was popped
        out.buffer().truncate(written);
        answer_or_raise(error);
    }
    return done;
}

}  // namespace kvstore::redis
