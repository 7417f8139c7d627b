// What a command is carried out with: the reply that it writes, the stores that it works on, and
// how it waits, or does not.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "operations/operations.hpp"
#include "redis/databases.hpp"
#include "redis/reply.hpp"

namespace kvstore::redis {

using arguments = std::span<const std::string_view>;

// Redis's words for errors of many commands.
constexpr std::string_view syntax_error = "ERR syntax error";
constexpr std::string_view not_an_integer = "ERR value is not an integer or out of range";
constexpr std::string_view not_a_float = "ERR value is not a valid float";
constexpr std::string_view too_long_a_string =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

class execution {
  public:
    explicit execution(reply_buffer &to) : out(to, 2) {}

    reply out;

    int database() const { return database_; }
    bool waits() const { return waits_; }
    // All commands are of one transaction, an EXEC's or that of a call of kv_redis(): none can be
    // handed back to be carried out in another.
    bool in_exec() const { return in_exec_; }
    void set_in_exec() { in_exec_ = true; }
    // The replies are bytes for kvstore-redis, not text for SQL, which converts that.
    void set_in_bytes() { in_bytes_ = true; }
    // Answers an error that has the server's words or names: for kvstore-redis in UTF8, in which it
    // hears of the others.
    void refuse(const char *words);
    // Another section of the batch, and each of its commands.
    void begin_section(int protocol, int database);
    void begin_command(bool waits);

    // The command would have to wait for another transaction and may not: its reply, if there is
    // one, is void, and nothing of it was done.
    bool would_wait() const { return would_wait_; }
    void set_would_wait() { would_wait_ = true; }

    // The store of the chosen database, or of another one, opened for that intent, and kept open
    // for the commands that follow. nullptr if it cannot be had; then the command is answered, or
    // would wait.
    const store *open(const intent &what) { return open(what, database_); }
    const store *open(const intent &what, int database);
    // The store of the chosen database, if it is open, for whatever.
    const store *opened() const;
    // Whether nothing can be written now; then the command is answered.
    bool refuses_to_write();
    // Closes all, for what changes a table as a whole.
    void close();

    // The argument as a key; nothing, and an error for an answer, if it is none.
    std::optional<Datum> key(std::string_view given);
    // All of them, in the current memory context; nothing likewise.
    std::optional<std::span<Datum>> keys(arguments given);
    // The argument as a value of that store.
    std::optional<Datum> value(const store &to, std::string_view given);

    // The live entry as it is now, after all that was written before.
    std::optional<entry> read(const store &from, Datum key, bool want_value);
    // Makes a snapshot of now the active one.
    void take_snapshot();
    // What was read may be other by now.
    void forget_snapshot();

    // Carries out an operation. With outcome::met == would_wait the command is over.
    outcome perform(const operation &op, const store &in, request asked);

    // Has `work` done as a whole, or not at all: where it returns false, where it would wait, and
    // where it ends in an error. Foreseen ones are answered; others are raised. What goes through
    // SQL waits no longer than a command may. Whether it was done.
    template <class Work>
    bool as_a_whole(Work work) {
        return do_as_a_whole([](void *context) { return (*static_cast<Work *>(context))(); },
                             &work);
    }
    // The same, without the cost, for one step that needs no SQL.
    template <class Work>
    void as_one_step(const store &on, Work work) {
        if (on.detour == nullptr)
            work();
        else
            as_a_whole([&] {
                work();
                return true;
            });
    }

  private:
    bool do_as_a_whole(bool (*work)(void *), void *context);
    void answer_or_raise(ErrorData *error);

    struct opening {
        int database;
        AclMode privileges;
        store opened;
    };

    int database_ = 0;
    bool waits_ = false;
    bool in_exec_ = false;
    bool in_bytes_ = false;
    bool would_wait_ = false;
    bool has_snapshot_ = false;
    std::array<opening, 16> openings_{};
    std::size_t open_ = 0;
};

// Bytes as a varlena, in the current memory context.
Datum varlena_of(std::string_view bytes);

}  // namespace kvstore::redis
