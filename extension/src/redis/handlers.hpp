// Each command of Redis that is carried out here, a function of its own in the file of its kind.
#pragma once

#include "redis/execution.hpp"

namespace kvstore::redis::handlers {

// `given` begins with the name and has as many arguments as the table of commands says.
using handler = void (*)(execution &x, arguments given);

// clang-format off
#define KV_REDIS_HANDLERS(HANDLER)                                                             \
    /* strings.cpp */                                                                          \
    HANDLER(get) HANDLER(set) HANDLER(setex) HANDLER(psetex) HANDLER(setnx) HANDLER(getset)    \
    HANDLER(getdel) HANDLER(getex) HANDLER(delex)                                              \
    /* many_strings.cpp */                                                                     \
    HANDLER(mget) HANDLER(mset) HANDLER(msetnx) HANDLER(msetex)                                \
    /* counters.cpp */                                                                         \
    HANDLER(incr) HANDLER(decr) HANDLER(incrby) HANDLER(decrby) HANDLER(incrbyfloat)           \
    /* ranges.cpp */                                                                           \
    HANDLER(append) HANDLER(strlen) HANDLER(getrange) HANDLER(substr) HANDLER(setrange)        \
    /* keys.cpp */                                                                             \
    HANDLER(del) HANDLER(unlink) HANDLER(exists) HANDLER(touch) HANDLER(type)                  \
    HANDLER(object_encoding) HANDLER(object_refcount) HANDLER(object_idletime)                 \
    HANDLER(object_freq) HANDLER(object_help) HANDLER(memory_usage)                            \
    /* renaming.cpp */                                                                         \
    HANDLER(rename) HANDLER(renamenx) HANDLER(copy) HANDLER(move)                              \
    /* expiry.cpp */                                                                           \
    HANDLER(expire) HANDLER(pexpire) HANDLER(expireat) HANDLER(pexpireat) HANDLER(ttl)         \
    HANDLER(pttl) HANDLER(expiretime) HANDLER(pexpiretime) HANDLER(persist)                    \
    /* scans.cpp */                                                                            \
    HANDLER(keys) HANDLER(scan) HANDLER(randomkey) HANDLER(dbsize)                             \
    /* server.cpp */                                                                           \
    HANDLER(flushdb) HANDLER(flushall) HANDLER(swapdb) HANDLER(time) HANDLER(lolwut)           \
    HANDLER(wait) HANDLER(role) HANDLER(ping) HANDLER(echo) HANDLER(memory_doctor)             \
    HANDLER(memory_purge) HANDLER(memory_help) HANDLER(info_sections) HANDLER(databases)       \
    /* messages.cpp */                                                                         \
    HANDLER(publish)                                                                           \
    /* watch.cpp */                                                                            \
    HANDLER(watch)                                                                             \
    /* introspection.cpp */                                                                    \
    HANDLER(command) HANDLER(command_count) HANDLER(command_docs) HANDLER(command_getkeys)     \
    HANDLER(command_getkeysandflags) HANDLER(command_help) HANDLER(command_info)               \
    HANDLER(command_list)
// clang-format on

#define KV_DECLARE_HANDLER(name) void name(execution &x, arguments given);
KV_REDIS_HANDLERS(KV_DECLARE_HANDLER)

}  // namespace kvstore::redis::handlers
