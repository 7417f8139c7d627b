// Values in a binary form of one's own instead of JSON, in a store of bytes: readings of a
// sensor, eight bytes each.
#include <cstring>
#include <iostream>
#include <kvstore/typed.hpp>

struct readings {
    int sensor;
    std::vector<double> values;
};

struct readings_codec {
    static kvstore::byte_vector encode(const readings &from) {
        kvstore::byte_vector bytes(sizeof from.sensor + from.values.size() * sizeof(double));
        std::memcpy(bytes.data(), &from.sensor, sizeof from.sensor);
        if (!from.values.empty())
            std::memcpy(bytes.data() + sizeof from.sensor, from.values.data(),
                        from.values.size() * sizeof(double));
        return bytes;
    }

    static readings decode(std::span<const std::byte> bytes) {
        readings to{};
        if (bytes.size() % sizeof(double) != sizeof to.sensor)
            throw kvstore::decode_error("these are no readings");
        std::memcpy(&to.sensor, bytes.data(), sizeof to.sensor);
        to.values.resize(bytes.size() / sizeof(double));
        if (!to.values.empty())
            std::memcpy(to.values.data(), bytes.data() + sizeof to.sensor,
                        to.values.size() * sizeof(double));
        return to;
    }
};

template <>
struct kvstore::entry_traits<readings> {
    using codec = readings_codec;
    static constexpr std::chrono::hours expires_in{24};
    static std::string key(int sensor) { return "sensor:" + std::to_string(sensor); }
    static int id(const readings &value) { return value.sensor; }
};

int main(int argc, char **argv) try {
    kvstore::client client(argc > 1 ? argv[1] : "");
    kvstore::typed<readings> sensors(client.create_store("pg_temp.readings", {.bytes = true}));
    sensors.set_ex({7, {20.5, 20.75, 21}});
    if (auto found = sensors.get(7))
        std::cout << "sensor " << found->sensor << ": " << found->values.size() << " values, last "
                  << found->values.back() << '\n';
    std::cout << "bytes: " << client.open_store("pg_temp.readings").get_bytes("sensor:7")->size()
              << '\n';
} catch (const kvstore::error &problem) {
    std::cerr << "binary_codec: " << problem.what() << '\n';
    return 1;
}
