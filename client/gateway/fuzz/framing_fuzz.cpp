// Whatever a client sends: it is read the same in any pieces, and costs no more memory than has
// come.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "request_reader.hpp"

namespace {

using kvstore::gateway::request_reader;

void require(bool holds) {
    if (!holds)
        std::abort();
}

struct outcome {
    std::vector<std::vector<std::string>> requests;
    std::string problem;
    bool operator==(const outcome &) const = default;
};

outcome read(std::string_view bytes, std::size_t piece, bool before_login) {
    request_reader reader;
    reader.set_limits({.request = 4096, .arguments = 64, .before_login = before_login});
    outcome all;
    while (!bytes.empty()) {
        const std::span<char> room = reader.room();
        const std::size_t size = std::min({piece, room.size(), bytes.size()});
        std::memcpy(room.data(), bytes.data(), size);
        reader.filled(size);
        bytes.remove_prefix(size);
        auto state = reader.next();
        for (; state == request_reader::state::complete; state = reader.next()) {
            const auto arguments = reader.arguments();
            require(!arguments.empty() && arguments.size() <= 4096);
            all.requests.emplace_back(arguments.begin(), arguments.end());
        }
        if (state == request_reader::state::refused) {
            require(!reader.problem().empty());
            all.problem = reader.problem();
            break;
        }
        require(reader.memory() <= 256 * 1024 + 4 * bytes.size() + 4 * size);
    }
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (size > 16 * 1024)
        return 0;
    const std::string_view bytes(reinterpret_cast<const char *>(data), size);
    for (const bool before_login : {false, true}) {
        const outcome at_once = read(bytes, bytes.size(), before_login);
        require(read(bytes, 1, before_login) == at_once);
        require(read(bytes, 13, before_login) == at_once);
    }
    return 0;
}
