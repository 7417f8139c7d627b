#include "section.hpp"

#include "memory.hpp"

namespace kvstore::gateway {

namespace {

// What an idle client may keep of it.
constexpr std::size_t kept = 16 * 1024;
constexpr std::size_t kept_steps = 64;

}  // namespace

using writer = redis::byte_writer<std::string>;

void section::begin(int protocol, std::uint16_t database,
                    std::span<const redis::watched_key> watched) {
    if (bytes_.capacity() > kept)
        give_back(bytes_);
    if (begins_.capacity() > kept)
        give_back(begins_);
    if (steps_.capacity() > kept_steps)
        give_back(steps_);
    steps_.clear();
    bytes_.clear();
    begins_.clear();
    answered_ = 0;
    writer out(bytes_);
    out.u8(static_cast<std::uint8_t>(protocol));
    out.u8(0);
    out.u16(database);
    out.u16(static_cast<std::uint16_t>(watched.size()));
    for (const redis::watched_key &each : watched) {
        out.u16(each.database);
        out.sized(each.key);
        out.sized(each.version);
    }
    head_ = bytes_.size();
}

void section::add(std::span<const std::string_view> arguments) {
    begins_.push_back(bytes_.size());
    writer out(bytes_);
    out.u32(static_cast<std::uint32_t>(arguments.size()));
    for (const std::string_view each : arguments)
        out.sized(each);
}

void section::start_clock() {
    steps_.clear();
    last_answer_ = clock::now();
}

// What waited for another transaction was answered by itself.
void section::answer(std::size_t more) {
    if (more == 0)
        return;
    const auto now = clock::now();
    steps_.push_back({answered_, more, now - last_answer_});
    last_answer_ = now;
    answered_ += more;
}

void section::append(std::string &batch, std::size_t commands) const {
    const std::size_t from = left() > 0 ? begins_[answered_] : bytes_.size();
    const std::size_t last = answered_ + commands;
    const std::size_t to = last < begins_.size() ? begins_[last] : bytes_.size();
    writer out(batch);
    const std::size_t size = out.reserve_u32();
    batch.append(bytes_, 0, head_);
    out.u32(static_cast<std::uint32_t>(commands));
    batch.append(bytes_, from, to - from);
    out.set_size(size);
}

std::vector<std::string_view> section::arguments(std::size_t command) const {
    redis::byte_reader in(std::string_view(bytes_).substr(begins_.at(command)));
    std::vector<std::string_view> all(in.u32());
    for (std::string_view &each : all)
        each = in.sized();
    return all;
}

}  // namespace kvstore::gateway
