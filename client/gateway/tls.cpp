#include "tls.hpp"

#include <stdexcept>

namespace kvstore::gateway {

std::shared_ptr<asio::ssl::context> load_tls(const settings &told) {
    if (told.tls_cert.empty()) {
        for (const auto &[option, file] :
             {std::pair("--tls-key", &told.tls_key), std::pair("--tls-ca", &told.tls_ca)})
            if (!file->empty())
                throw std::runtime_error(std::string(option) +
                                         " is given without --tls-cert, so there would be no TLS");
        return nullptr;
    }
    using asio::ssl::context;
    auto made = std::make_shared<context>(context::tls_server);
    const char *option = "--tls-cert";
    try {
        made->set_options(context::default_workarounds | context::no_tlsv1 | context::no_tlsv1_1);
        made->use_certificate_chain_file(told.tls_cert);
        option = "--tls-key";
        made->use_private_key_file(told.tls_key.empty() ? told.tls_cert : told.tls_key,
                                   context::pem);
        option = "--tls-ca";
        if (!told.tls_ca.empty()) {
            made->load_verify_file(told.tls_ca);
            made->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
        }
    } catch (const std::system_error &problem) {
        throw std::runtime_error(std::string(option) + ": " + problem.code().message());
    }
    return made;
}

}  // namespace kvstore::gateway
