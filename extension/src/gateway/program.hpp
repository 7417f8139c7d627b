// A program that runs beside the server, as its user.
#pragma once

#include <sys/types.h>

namespace kvstore {

struct running_program {
    pid_t pid = 0;   // 0: none
    int input = -1;  // our end of its standard input, which ends with us, however we end

    constexpr bool runs() const { return pid != 0; }
};

// Starts the program that arguments[0] names, looked for in PATH. Its output and its errors go
// where ours do. The list ends with a nullptr. On failure errno, and nothing runs.
running_program start_program(char *const *arguments);

// How it ended, as by waitpid(); false while it runs.
bool has_ended(running_program &program, int *status);

// Asks it to end, and sees to it that it does after so many seconds.
void end_program(running_program &program, int seconds);

}  // namespace kvstore
