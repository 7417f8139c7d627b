#include "metrics.hpp"

#include <deque>
#include <sstream>
#include <stdexcept>

namespace kvstore::gateway {

namespace {

void add(std::ostringstream &to, const char *name, const char *type, const char *help,
         std::uint64_t value) {
    to << "# HELP kvstore_redis_" << name << " " << help << "\n# TYPE kvstore_redis_" << name << " "
       << type << "\nkvstore_redis_" << name << " " << value << "\n";
}

void add_batch_times(std::ostringstream &to, const counters &counted) {
    const char *name = "kvstore_redis_batch_seconds";
    to << "# HELP " << name << " How long batches took, with their way to the server\n# TYPE "
       << name << " histogram\n";
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < counters::buckets; i++) {
        sum += counted.batch_time[i];
        to << name << "_bucket{le=\"";
        if (i + 1 < counters::buckets)
            to << static_cast<double>(std::uint64_t{64} << i) / 1e6;
        else
            to << "+Inf";
        to << "\"} " << sum << "\n";
    }
    to << name << "_sum " << static_cast<double>(counted.batch_microseconds) / 1e6 << "\n"
       << name << "_count " << sum << "\n";
}

}  // namespace

std::string describe_metrics(gateway &in) {
    const counters &counted = in.counted;
    std::size_t backends = 0;
    in.its_roles.for_each([&](role &one) { backends += one.open_backends(); });
    std::ostringstream text;
    add(text, "clients", "gauge", "Clients that are connected", in.clients.size());
    add(text, "backends", "gauge", "Connections to the server", backends);
    add(text, "connections_total", "counter", "Clients that came", counted.connections);
    add(text, "rejected_total", "counter", "Clients that found no place", counted.rejected);
    add(text, "commands_total", "counter", "Commands that were carried out", counted.commands);
    add(text, "errors_total", "counter", "Commands that the gateway refused", counted.errors);
    add(text, "failed_logins_total", "counter", "AUTH that was refused", counted.failed_logins);
    add(text, "batches_total", "counter", "Batches sent to the server", counted.batches);
    add(text, "sections_total", "counter", "Sections in batches, each of a client",
        counted.sections);
    add(text, "handed_back_total", "counter", "Commands that would have waited for a lock",
        counted.handed_back);
    add(text, "failed_batches_total", "counter", "Batches that the server raised an error for",
        counted.batch_errors);
    add(text, "lost_backends_total", "counter", "Connections to the server that broke in use",
        counted.lost_backends);
    add(text, "received_bytes_total", "counter", "Bytes that came from clients", counted.bytes_in);
    add_batch_times(text, counted);
    return text.str();
}

namespace {

constexpr std::size_t most_readers = 8;

// One request, whatever it asks for, within some seconds.
task<void> answer_page(gateway &in, std::shared_ptr<stream_socket> socket) {
    steady_timer deadline(in.on, std::chrono::seconds(5));
    deadline.async_wait([socket](asio::error_code canceled) {
        asio::error_code ignored;
        if (!canceled)
            socket->close(ignored);
    });
    asio::error_code problem;
    std::string request;
    char piece[1024];
    while (!problem && request.find("\r\n\r\n") == request.npos && request.size() < 16 * 1024) {
        const std::size_t size =
            co_await socket->async_read_some(asio::buffer(piece), on_error(problem));
        request.append(piece, size);
    }
    const std::string page = describe_metrics(in);
    const std::string answer =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n"
        "Content-Length: " +
        std::to_string(page.size()) + "\r\n\r\n" + page;
    for (std::size_t sent = 0; !problem && sent < answer.size();)
        sent += co_await socket->async_write_some(
            asio::buffer(answer.data() + sent, answer.size() - sent), on_error(problem));
    socket->close(problem);
}

}  // namespace

// Those that read the page are few at a time: the one that came first gives way to the next.
std::vector<std::unique_ptr<listener>> serve_metrics(gateway &in) {
    const auto take_on = [&in, readers = std::deque<std::weak_ptr<stream_socket>>()](
                             stream_socket socket, const std::string &,
                             const std::string &) mutable {
        std::erase_if(readers, [](const auto &each) { return each.expired(); });
        if (readers.size() >= most_readers) {
            asio::error_code ignored;
            readers.front().lock()->close(ignored);
            readers.pop_front();
        }
        const auto its = std::make_shared<stream_socket>(std::move(socket));
        readers.push_back(its);
        spawn(in.on, answer_page(in, its));
    };
    return listen_to_address(in.on, "--metrics", in.told.metrics, take_on);
}

}  // namespace kvstore::gateway
