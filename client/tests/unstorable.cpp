// Does not compile, for the reason that a macro gives. The tests look at the message.
#include <kvstore/typed.hpp>

struct thing {
    int id;
};

#ifndef LACKS_JSON
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(thing, id)
#endif

#ifdef LACKS_CODEC
struct half_a_codec {
    static std::string encode(const thing &) { return ""; }
};
#endif

#ifndef LACKS_TRAITS
template <>
struct kvstore::entry_traits<thing> {
#ifndef LACKS_EXPIRY
    static constexpr std::chrono::hours expires_in{1};
#endif
#ifndef LACKS_KEY
    static std::string key(int id) {
        return std::to_string(id);
    }
#endif
#ifdef LACKS_CODEC
    using codec = half_a_codec;
#endif
    static int id(const thing &of) {
        return of.id;
    }
};
#endif

template class kvstore::typed<thing>;
