// Tells systemd how it goes, if that has started us.
#pragma once

namespace kvstore::gateway {

void tell_service_manager(const char *state);

}  // namespace kvstore::gateway
