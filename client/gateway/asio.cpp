// What of Asio is compiled once for all.
#include <asio/impl/src.hpp>
#include <asio/ssl/impl/src.hpp>
