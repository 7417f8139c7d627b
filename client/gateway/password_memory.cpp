#include "password_memory.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <string>

namespace kvstore::gateway {

namespace {

constexpr auto how_long = std::chrono::seconds(5);

}  // namespace

void password_memory::remember(std::string_view password) {
    forget();
    if (RAND_bytes(salt_.data(), static_cast<int>(salt_.size())) != 1)
        return;
    digest_ = digest_of(password);
    has_one_ = true;
    until_ = std::chrono::steady_clock::now() + how_long;
}

bool password_memory::knows(std::string_view password) const {
    return std::chrono::steady_clock::now() < until_ && recognizes(password);
}

bool password_memory::recognizes(std::string_view password) const {
    if (!has_one_)
        return false;
    const digest given = digest_of(password);
    return CRYPTO_memcmp(given.data(), digest_.data(), digest_.size()) == 0;
}

password_memory::digest password_memory::digest_of(std::string_view password) const {
    std::string salted(reinterpret_cast<const char *>(salt_.data()), salt_.size());
    salted += password;
    digest result{};
    EVP_Digest(salted.data(), salted.size(), result.data(), nullptr, EVP_sha256(), nullptr);
    OPENSSL_cleanse(salted.data(), salted.size());
    return result;
}

}  // namespace kvstore::gateway
