// At most five requests a minute from each address, whatever the number of web servers: the minute
// begins with the first request, and what is refused does not count.
#include <iostream>
#include <kvstore/client.hpp>

using namespace std::chrono_literals;

static std::chrono::minutes until(kvstore::time_point moment) {
    return std::chrono::ceil<std::chrono::minutes>(moment - std::chrono::system_clock::now());
}

int main(int argc, char **argv) try {
    kvstore::client client(argc > 1 ? argv[1] : "");
    client.del("rate:192.0.2.1");
    for (int request = 1; request <= 6; request++) {
        const kvstore::rate_limit_result limit = client.rate_limit("rate:192.0.2.1", 5, 1min);
        std::cout << "request " << request << ": "
                  << (limit.allowed ? "200 OK" : "429 Too Many Requests") << ", " << limit.remaining
                  << " left\n";
        if (!limit.allowed)
            std::cout << "Retry-After: within " << until(*limit.resets).count() << " minute\n";
    }
} catch (const kvstore::error &problem) {
    std::cerr << "rate_limiter: " << problem.what() << '\n';
    return 1;
}
