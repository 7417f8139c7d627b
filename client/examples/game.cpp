// Values of one's own type: stored, read, touched, popped. The server is told by the PG*
// variables, or by a connection string as the argument.
#include <iostream>
#include <kvstore/typed.hpp>

struct game {
    std::size_t id;
    std::string name;
    std::string genre;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(game, id, name, genre)

template <>
struct kvstore::entry_traits<game> {
    static constexpr std::chrono::seconds expires_in{3600};
    static std::string key(std::size_t id) { return "game-" + std::to_string(id); }
    static std::size_t id(const game &value) { return value.id; }
};

int main(int argc, char **argv) try {
    kvstore::client client(argc > 1 ? argv[1] : "");
    kvstore::typed<game> games(client);

    games.set_ex({1, "Skyrim", "rpg"});
    if (auto found = games.get(1))
        std::cout << "get(1):     " << found->name << ", " << found->genre << '\n';
    if (auto touched = games.get_ex(1))
        std::cout << "get_ex(1):  " << touched->name << ", for another hour\n";
    if (auto popped = games.get_del(1))
        std::cout << "get_del(1): " << popped->name << '\n';
    std::cout << "get(1):     " << (games.get(1) ? "still there" : "gone") << '\n';
    std::cout << "del(1):     " << (games.del(1) ? "removed" : "nothing to remove") << '\n';
} catch (const kvstore::error &problem) {
    std::cerr << "game: " << problem.what() << '\n';
    return 1;
}
