#include "tls.hpp"

#include <stdexcept>

namespace kvstore::gateway {

namespace {

// Without a name for its sessions OpenSSL refuses clients that resume one where it has asked them
// for a certificate. Another context cannot read them, so after SIGHUP none is a way around
// --tls-ca.
void allow_sessions(asio::ssl::context &in) {
    static constexpr unsigned char name[] = "kvstore-redis";
    SSL_CTX_set_session_id_context(in.native_handle(), name, sizeof name - 1);
}

// Nobody is asked on the terminal, while all wait.
void use_key(asio::ssl::context &in, const std::string &file) {
    const auto is_locked = std::make_shared<bool>(false);
    in.set_password_callback([is_locked](std::size_t, asio::ssl::context::password_purpose) {
        *is_locked = true;
        return std::string();
    });
    asio::error_code problem;
    in.use_private_key_file(file, asio::ssl::context::pem, problem);
    if (*is_locked)
        throw std::runtime_error("--tls-key: it has a passphrase, and nobody is asked for that");
    if (problem)
        throw std::system_error(problem);
}

}  // namespace

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
        allow_sessions(*made);
        made->use_certificate_chain_file(told.tls_cert);
        option = "--tls-key";
        use_key(*made, told.tls_key.empty() ? told.tls_cert : told.tls_key);
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
