// Ctrl-C: the server is told to cancel what it does for us. It would go on with it otherwise: what
// waits for a lock is carried out when that is free, whoever asked for it.
#pragma once

#include <libpq-fe.h>

namespace kv {

// What is cancelled from now on; nullptr: nothing.
void cancel_on_interrupt(PGconn *of);

// Then the program ends by the signal, as without a handler: SIGINT, SIGTERM or SIGHUP. One that
// was ignored when it began (nohup) stays so.
void end_on_interrupt();

// What is done before the program ends so, until it is nullptr again; only what a handler of
// signals may do.
void before_ending(void (*last)());

// Only the statement ends, by SIGINT; for a shell on a terminal.
void go_on_after_interrupt();

}  // namespace kv
