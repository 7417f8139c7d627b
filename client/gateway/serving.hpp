// Serving a client: from its first byte to its end.
#pragma once

#include <asio/ssl/context.hpp>

#include "gateway.hpp"

namespace kvstore::gateway {

// With `tls` the client has to speak that first.
task<void> serve(gateway &in, std::shared_ptr<client> one, std::shared_ptr<asio::ssl::context> tls);

}  // namespace kvstore::gateway
