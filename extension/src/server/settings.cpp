#include "server/settings.hpp"

#include "server/postgres.hpp"

namespace kvstore {

namespace settings {
bool fast_path = true;
char *redis_stores = nullptr;
int sweep_interval = 60'000;
int sweep_budget = 1;
int sweep_pause = 20;
int log_sweep_min_duration = 10'000;
bool sweep_subscribed = false;
}  // namespace settings

void define_settings() {
    DefineCustomBoolVariable(
        "kvstore.fast_path", "Lets calls reach a plain store without the SQL executor.",
        "Off sends every call through SQL. The results are the same, only slower.",
        &settings::fast_path, true, PGC_USERSET, 0, nullptr, nullptr, nullptr);

    DefineCustomIntVariable(
        "kvstore.sweep_interval", "Time between two sweeps of expired entries.",
        "0 turns the background sweeper off. Expired entries are never returned, swept or not.",
        &settings::sweep_interval, 60'000, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr,
        nullptr);

    DefineCustomIntVariable("kvstore.sweep_budget",
                            "Time after which a transaction of the sweeper ends.",
                            "There is a pause after each.", &settings::sweep_budget, 1, 1, 1000,
                            PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr, nullptr);

    DefineCustomIntVariable("kvstore.sweep_pause",
                            "Pause of the sweeper after kvstore.sweep_budget was used up.",
                            "0 has it sweep at full speed.", &settings::sweep_pause, 20, 0, 1000,
                            PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr, nullptr);

    DefineCustomIntVariable("kvstore.log_sweep_min_duration",
                            "Sweeps of a store that take at least this long are logged.",
                            "0 logs all of them, -1 none.", &settings::log_sweep_min_duration,
                            10'000, -1, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr,
                            nullptr);

    DefineCustomBoolVariable(
        "kvstore.sweep_subscribed",
        "Has the background sweeper sweep stores that a subscription fills, too.",
        "Off leaves that to the publisher, whose deletions arrive like all its changes.",
        &settings::sweep_subscribed, false, PGC_SIGHUP, 0, nullptr, nullptr, nullptr);

    DefineCustomStringVariable(
        "kvstore.redis_stores", "Stores that are the databases of Redis's clients, from 0 on.",
        "Names of stores with commas between them, looked up with search_path.",
        &settings::redis_stores, "kv_redis", PGC_USERSET, 0, nullptr, nullptr, nullptr);

    MarkGUCPrefixReserved("kvstore");
}

}  // namespace kvstore
