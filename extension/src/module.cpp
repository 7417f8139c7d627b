// What PostgreSQL looks for when it loads the library.

#include "gateway/gateway_worker.hpp"
#include "server/postgres.hpp"
#include "server/settings.hpp"
#include "store/statistics.hpp"
#include "sweeping/launcher.hpp"

KV_EXPORT const Pg_magic_struct *Pg_magic_func();
extern "C" {
#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "kvstore", .version = KV_VERSION);
#else
PG_MODULE_MAGIC;
#endif
}

KV_EXPORT void _PG_init();

void _PG_init() {
    kvstore::define_settings();
    if (process_shared_preload_libraries_in_progress) {
        kvstore::register_launcher();
        kvstore::register_gateway_worker();
        kvstore::statistics::reserve();
    }
}
