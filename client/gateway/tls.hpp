// What TLS needs, from files.
#pragma once

#include <asio/ssl/context.hpp>
#include <memory>

#include "settings.hpp"

namespace kvstore::gateway {

// nullptr without --tls-cert. Throws std::runtime_error.
std::shared_ptr<asio::ssl::context> load_tls(const settings &told);

}  // namespace kvstore::gateway
