#include "kvstore/client.hpp"

#include <algorithm>
#include <random>
#include <thread>

#include "session.hpp"

namespace kvstore {

client::client(const connection_options &options)
    : client(std::make_unique<detail::session>(options)) {}
client::client(std::unique_ptr<detail::session> on) : store(*on, ""), session_(std::move(on)) {}
client::~client() = default;
client::client(client &&) noexcept = default;
client &client::operator=(client &&) noexcept = default;

client client::wrap(PGconn *existing, const std::string &schema) {
    return client(std::make_unique<detail::session>(existing, schema));
}

store client::open_store(std::string name) {
    return {on(), std::move(name)};
}

store client::create_store(std::string name, const store_options &options) {
    detail::request create{"SELECT ", "kv_create_store"};
    create.add(std::string_view(name));
    create.add(options.logged);
    create.parameters.push_back(
        detail::name_parameter("regtype", options.bytes ? "pg_catalog.bytea" : "pg_catalog.text"));
    on().call<void>(create);
    return open_store(std::move(name));
}

// By the name that SQL writes for what was found, so that nothing else can be meant.
void client::drop_store(std::string name) {
    const store dropped = open_store(std::move(name));
    static_cast<void>(store(dropped).detour());  // 42P01, 42809
    detail::request ask{"SELECT pg_catalog.", "concat", true, false};
    ask.parameters.push_back(detail::name_parameter("regclass", dropped.name()));
    on().command(("DROP TABLE " + on().call<std::optional<std::string>>(ask).value()).c_str());
}

// By name, since a statement that is prepared fails once the view has more columns.
std::vector<store_stats> client::stats() const {
    auto stats = on().call<std::vector<store_stats>>(
        {"SELECT store::pg_catalog.text AS name, entries_estimated, live_tuples, dead_tuples, "
         "table_bytes, index_bytes, toast_bytes, hits, misses, sets, deletes, expired_removed, "
         "last_sweep, last_sweep_took, last_sweep_left, max_size, evicted, last_sweep_pages, "
         "last_sweep_removed, entry_bytes FROM ",
         "kv_stats", false});
    std::ranges::sort(stats, {}, &store_stats::name);
    return stats;
}

void client::reset_stats() {
    on().call<void>({"SELECT ", "kv_stats_reset"});
}

void client::check() {
    on().ensure_connected();
}

bool client::idle() const noexcept {
    return on().usable() && !on().in_transaction();
}

// Random, so that those who met do not meet again.
void client::pause_after(int attempt) {
    std::random_device random;
    const int longest = 10'000 << std::min(attempt - 1, 10);
    std::this_thread::sleep_for(
        std::chrono::microseconds(std::uniform_int_distribution(0, longest)(random)));
}

}  // namespace kvstore
