#include "store_commands.hpp"

#include "help.hpp"

namespace kv {

status create(context &in, const arguments &given) {
    in.on.client().create_store(*given.name, {.logged = given.logged, .bytes = given.bytes});
    return in.out.done();
}

status sweep(context &in, const arguments &given) {
    return in.out.number(in.selected().sweep(given.max));
}

status limit(context &in, const arguments &given) {
    if (given.size == "none")
        in.selected().lift_limit();
    else
        in.selected().limit(given.size, given.evict == "oldest" ? kvstore::eviction::oldest
                                                                : kvstore::eviction::soonest);
    return in.out.done();
}

status detour(context &in, const arguments &) {
    return in.out.text(in.selected().detour());
}

status ping(context &in, const arguments &) {
    in.on.client().check();
    return in.out.text("PONG");
}

status help(context &in, const arguments &given) {
    in.out.raw(help_text(given.name.value_or("")));
    if (in.in_shell && !given.name)
        in.out.line("In the shell also: use STORE, or use alone for kv_store; exit.");
    return found;
}

status version(context &in, const arguments &) {
    return in.out.text("kv (kvstore) " KV_VERSION);
}

}  // namespace kv
