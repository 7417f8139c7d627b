#include "gateway/program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>

#include "rules/monotonic.hpp"
#include "server/postgres.hpp"

namespace kvstore {

namespace {

// What a backend ignores or blocks, a program would without its knowledge. But SIGHUP, which would
// end it until it listens to signals, is held back until it asks for it.
void set_signals(posix_spawnattr_t *how) {
    sigset_t hangup;
    sigset_t all;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    sigfillset(&all);
    posix_spawnattr_setsigmask(how, &hangup);
    posix_spawnattr_setsigdefault(how, &all);
    posix_spawnattr_setflags(how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

void set_files(posix_spawn_file_actions_t *files, int input) {
    posix_spawn_file_actions_adddup2(files, input, STDIN_FILENO);
#if defined(__GLIBC_PREREQ) && __GLIBC_PREREQ(2, 34)
    posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
#endif
}

int spawn(pid_t *pid, char *const *arguments, int input) {
    posix_spawnattr_t how;
    posix_spawn_file_actions_t files;
    posix_spawnattr_init(&how);
    posix_spawn_file_actions_init(&files);
    set_signals(&how);
    set_files(&files, input);
    int error = posix_spawnp(pid, arguments[0], &files, &how, arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return error;
}

void forget(running_program &program) {
    close(program.input);
    program = {};
}

}  // namespace

running_program start_program(char *const *arguments) {
    running_program started;
    int input[2];
    if (pipe2(input, O_CLOEXEC) != 0)
        return {};
    int error = spawn(&started.pid, arguments, input[0]);
    close(input[0]);
    if (error != 0) {
        close(input[1]);
        errno = error;
        return {};
    }
    started.input = input[1];
    return started;
}

bool has_ended(running_program &program, int *status) {
    if (!program.runs() || waitpid(program.pid, status, WNOHANG) == 0)
        return false;
    forget(program);
    return true;
}

void end_program(running_program &program, int seconds) {
    if (!program.runs())
        return;
    timestamp last = monotonic_now() + seconds * microseconds_per_second;
    int status;
    kill(program.pid, SIGTERM);
    while (!has_ended(program, &status)) {
        if (monotonic_now() > last)
            kill(program.pid, SIGKILL);
        pg_usleep(10'000);
    }
}

}  // namespace kvstore
