// What kv and kvstore-redis do before anything else.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace standard_streams {

// What is closed of standard input, output and error would become the socket of the server or of a
// client, since that takes the first descriptor that is free: what is printed would be sent there,
// and what comes from there would be read. Instead it becomes something that fails when it is used.
// False if that cannot be done.
inline bool fill() {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
        if (fcntl(stream, F_GETFD) != -1 || errno != EBADF)
            continue;
        if (open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) != stream)
            return false;
    }
    return true;
}

}  // namespace standard_streams
