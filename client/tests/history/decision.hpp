// What an operation does about an entry that is live, or about none: without time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "operation.hpp"

namespace history {

enum class effect : std::uint8_t { leave, store, remove };

// From when on the expiry counts.
enum class expiry : std::uint8_t { none, from_now, kept, at };

struct decision {
    effect does = effect::leave;
    std::string value = {};  // with store
    expiry expires = expiry::none;
    answer answered = {};
    // Of a slack: the expiry is, or is not, near enough to what it would become.
    std::optional<bool> is_good_enough = {};
};

// The value is that of the live entry, nullptr if there is none. More than one, if it
// depends on time.
std::vector<decision> decide(const operation &what, const std::string *live, bool is_endless);

}  // namespace history
