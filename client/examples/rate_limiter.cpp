// At most five requests a minute from each address, whatever the number of web servers: a counter
// that lives for a minute from its first request on.
#include <iostream>
#include <kvstore/client.hpp>

using namespace std::chrono_literals;

class rate_limiter {
  public:
    rate_limiter(const kvstore::store &in, std::int64_t most, kvstore::ttl window)
        : counters_(in), most_(most), window_(window) {}

    bool allows(const std::string &who) {
        return counters_.incr("rate:" + who, 1, window_) <= most_;
    }

    // When the next request will be allowed again.
    std::chrono::milliseconds retry_after(const std::string &who) {
        return std::chrono::ceil<std::chrono::milliseconds>(
            counters_.ttl("rate:" + who).value_or(0us));
    }

  private:
    kvstore::store counters_;
    std::int64_t most_;
    kvstore::ttl window_;
};

int main(int argc, char **argv) try {
    kvstore::client client(argc > 1 ? argv[1] : "");
    rate_limiter limiter(client, 5, 1min);
    client.del("rate:192.0.2.1");
    for (int request = 1; request <= 6; request++)
        std::cout << "request " << request << ": "
                  << (limiter.allows("192.0.2.1") ? "200 OK" : "429 Too Many Requests") << '\n';
    const auto wait = std::chrono::ceil<std::chrono::minutes>(limiter.retry_after("192.0.2.1"));
    std::cout << "Retry-After: within " << wait.count() << " minute\n";
} catch (const kvstore::error &problem) {
    std::cerr << "rate_limiter: " << problem.what() << '\n';
    return 1;
}
