// Sessions of a web application: a random token for the browser, the session itself in a store
// of its own, which ends half an hour after the last request.
#include <iostream>
#include <kvstore/typed.hpp>
#include <random>

struct session {
    std::string token;
    int user;
    std::string language;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(session, token, user, language)

template <>
struct kvstore::entry_traits<session> {
    static constexpr std::chrono::minutes expires_in{30};
    static std::string key(const std::string &token) { return token; }
    static std::string id(const session &value) { return value.token; }
};

static std::string new_token() {
    std::random_device random;
    std::string token;
    while (token.size() < 32)
        token += "0123456789abcdef"[random() % 16];
    return token;
}

int main(int argc, char **argv) try {
    kvstore::client client(argc > 1 ? argv[1] : "");
    try {
        client.create_store("sessions");
    } catch (const kvstore::sql_error &problem) {
        if (problem.sqlstate() != "42P07")  // it is there already
            throw;
    }
    kvstore::typed<session> sessions(client.open_store("sessions"));

    const std::string token = new_token();
    sessions.set_ex({token, 7, "en"});        // login
    if (auto found = sessions.get_ex(token))  // each request begins the time anew
        std::cout << "user " << found->user << " is back\n";
    std::cout << (sessions.del(token) ? "logged out\n" : "");  // logout
    std::cout << (sessions.get_ex(token) ? "" : "nobody is logged in\n");
} catch (const kvstore::error &problem) {
    std::cerr << "sessions: " << problem.what() << '\n';
    return 1;
}
