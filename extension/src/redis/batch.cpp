#include "redis/batch.hpp"

#include "redis/dispatch.hpp"
#include "redis/look_ahead.hpp"
#include "redis/watch.hpp"
#include "rules/redis_batch.hpp"
#include "server/allocator.hpp"
#include "server/clock.hpp"
#include "server/scratch_memory.hpp"

namespace kvstore::redis {

namespace {

[[noreturn]] void raise_malformed() {
    ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION), errmsg("malformed batch of commands"),
                    errhint("kv_redis_batch() is for kvstore-redis; kv_redis() is for people.")));
}

[[noreturn]] void raise_other_version(int version) {
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("the batch is of version %d, and the extension speaks version %d", version,
                    batch_version),
             errhint("Update the older one: ALTER EXTENSION kvstore UPDATE, or kvstore-redis.")));
}

[[noreturn]] void raise_would_wait() {
    ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
                    errmsg("a command of the EXEC would wait for another transaction")));
}

[[noreturn]] void raise_has_waited() {
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access, since a command of the EXEC has waited for "
                           "another transaction"),
                    errhint("The transaction might succeed if retried.")));
}

// The arguments of one command, in memory that is used again for the next one.
class argument_list {
  public:
    arguments read(section_reader &from) {
        std::uint32_t count = from.arguments();
        if (count > capacity_) {
            capacity_ = Max(count, 64U);
            std::size_t size = sizeof(std::string_view) * capacity_;
            list_ = static_cast<std::string_view *>(list_ == nullptr ? palloc_huge(size)
                                                                     : repalloc_huge(list_, size));
        }
        for (std::uint32_t i = 0; i < count; i++)
            list_[i] = from.next_argument();
        if (!from.ok())
            raise_malformed();
        return {list_, count};
    }

  private:
    static void *palloc_huge(std::size_t size) {
        return MemoryContextAllocHuge(CurrentMemoryContext, size);
    }

    std::string_view *list_ = nullptr;
    std::uint32_t capacity_ = 0;
};

// What has grown so far goes to the clients before more is made.
constexpr std::size_t many_replies = 16 * 1024 * 1024;

struct batch_run {
    execution &x;
    replies_writer<reply_buffer> &replies;
    argument_list &list;
    look_ahead &ahead;
    scratch_memory &scratch;  // for each command
    bool may_wait;
    bool in_exec;
    bool in_any_case;  // whatever has become of watched keys
};

// A step of an EXEC, which returns false if it would wait and was told not to. All are of one
// moment, so none waits: or it does, where it may, for all to begin anew.
template <class Step>
void take(const batch_run &run, Step step) {
    if (step(false))
        return;
    if (!run.may_wait)
        raise_would_wait();
    step(true);
    raise_has_waited();
}

// Whether the watched keys are what they were, and stay so. A key that cannot be looked at is not.
bool are_unchanged(const batch_run &run, section_reader &section) {
    bool unchanged = true;
    hold_keys holds = run.in_any_case ? hold_keys::no : hold_keys::yes;
    for (int left = section.watched(); left > 0; left--) {
        watched_key watched = section.next_watched();
        if (!section.ok())
            raise_malformed();
        take(run, [&](bool waits) {
            std::size_t written = run.x.out.buffer().size();
            run.x.begin_command(waits);
            run.scratch.use(
                [&] { unchanged &= is_unchanged(run.x, watched, holds).value_or(false); });
            run.x.out.buffer().truncate(written);
            return !run.x.would_wait();
        });
    }
    return unchanged;
}

// False if it would wait.
bool run_command(const batch_run &run, arguments given, bool waits) {
    CHECK_FOR_INTERRUPTS();
    std::size_t written = run.x.out.buffer().size();
    run.replies.begin_reply();
    run.x.begin_command(waits);
    run.scratch.use([&] { carry_out(run.x, given); });
    if (run.x.would_wait()) {
        run.x.out.buffer().truncate(written);
        return false;
    }
    run.replies.end_reply();
    return true;
}

section_status run_exec(const batch_run &run, section_reader &section) {
    bool unchanged = are_unchanged(run, section);
    if (!unchanged && !run.in_any_case)
        return section_status::watched_changed;
    for (std::uint32_t left = section.commands(); left > 0; left--) {
        run.ahead.before_command(run.x, section, left);
        arguments given = run.list.read(section);
        take(run, [&](bool waits) { return run_command(run, given, waits); });
    }
    return unchanged ? section_status::complete : section_status::complete_but_changed;
}

section_status run_commands(const batch_run &run, section_reader &section) {
    if (section.watched() > 0)
        raise_malformed();
    std::uint32_t count = section.commands();
    for (std::uint32_t i = 0; i < count; i++) {
        if (run.x.out.buffer().size() > many_replies)
            return section_status::enough;
        run.ahead.before_command(run.x, section, count - i);
        if (!run_command(run, run.list.read(section), run.may_wait && i == 0))
            return section_status::would_wait;
    }
    return section_status::complete;
}

section_status run_section(const batch_run &run, section_reader &section) {
    run.x.begin_section(section.protocol(), section.database());
    section_status status = run.in_exec ? run_exec(run, section) : run_commands(run, section);
    bool has_come_to_its_end =
        status == section_status::complete || status == section_status::complete_but_changed;
    if (!section.ok() || (has_come_to_its_end && !section.at_end()))
        raise_malformed();
    return status;
}

}  // namespace

Datum carry_out_batch(std::string_view bytes) {
    batch_reader batch(bytes);
    if (!batch.ok())
        raise_malformed();
    if (batch.version() != batch_version)
        raise_other_version(batch.version());

    keep_freed_memory();
    reply_buffer buffer;
    execution x(buffer);
    x.set_in_bytes();
    replies_writer<reply_buffer> replies(buffer);
    argument_list list;
    look_ahead ahead(batch);
    MemoryContext memory =
        AllocSetContextCreate(CurrentMemoryContext, "Redis batch", ALLOCSET_SMALL_SIZES);
    scratch_memory scratch;
    batch_run run{x,
                  replies,
                  list,
                  ahead,
                  scratch,
                  batch.has(may_wait),
                  batch.has(exec),
                  batch.has(in_any_case)};
    if (run.in_exec) {
        x.set_in_exec();
        stop_clock(memory);
    }
    while (batch.has_section()) {
        section_reader section = batch.next_section();
        if (!batch.ok() || !section.ok() || (run.in_exec && batch.has_section()))
            raise_malformed();
        replies.begin_section();
        replies.end_section(run_section(run, section));
    }
    if (!batch.ok())
        raise_malformed();
    x.close();
    scratch.free();
    MemoryContextDelete(memory);
    return buffer.as_varlena();
}

}  // namespace kvstore::redis
