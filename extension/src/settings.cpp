#include "settings.hpp"

#include "postgres.hpp"

namespace kvstore {

namespace settings {
bool fast_path = true;
int sweep_interval = 60'000;
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

    MarkGUCPrefixReserved("kvstore");
}

}  // namespace kvstore
