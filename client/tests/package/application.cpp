#include <iostream>
#include <kvstore/client.hpp>
#include <kvstore/pool.hpp>
#include <kvstore/typed.hpp>

int main() {
    kvstore::pool pool;
    pool.borrow()->set_ex("package", "installed", std::chrono::hours(1));
    std::cout << pool.borrow()->get_del("package").value() << '\n';
}
