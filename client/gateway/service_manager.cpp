#include "service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace kvstore::gateway {

// A datagram to the socket that systemd names; a name that begins with @ is an abstract one.
void tell_service_manager(const char *state) {
    const char *path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    if (path == nullptr || std::strlen(path) >= sizeof address.sun_path)
        return;
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path);
    const auto size = offsetof(sockaddr_un, sun_path) + std::strlen(path);
    if (address.sun_path[0] == '@')
        address.sun_path[0] = '\0';
    const int socket_number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_number < 0)
        return;
    sendto(socket_number, state, std::strlen(state), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr *>(&address), static_cast<socklen_t>(size));
    close(socket_number);
}

}  // namespace kvstore::gateway
