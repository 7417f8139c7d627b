#include <iostream>
#include <kvstore/kvstore.hpp>

static_assert(KVSTORE_VERSION_NUMBER >= 100);

int main() {
    kvstore::pool pool;
    pool.set_ex("package", "installed", std::chrono::hours(1));
    std::cout << pool.get_del("package").value() << '\n';
}
