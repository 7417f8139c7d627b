// What kvstore-redis and kv_redis_batch() send each other: batches of Redis commands, and their
// replies. The format is described in docs/design.md. Pure, and shared with the client.
//
// Readers give views into what they read, check every length, and give nothing from the first
// fault on, when ok() turns false. Integers are big-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace kvstore::redis {

constexpr std::uint8_t batch_version = 1;

enum batch_flag : std::uint8_t {
    may_wait = 1,     // the first command of each section, with `exec` all of them
    exec = 2,         // one section: the commands of an EXEC, in a transaction around the call
    in_any_case = 4,  // with exec: they are carried out though watched keys have changed
};

enum class section_status : std::uint8_t {
    complete = 0,
    would_wait = 1,       // the command after those answered: it and the rest were not carried out
    watched_changed = 2,  // nothing was carried out
    enough = 3,           // as would_wait, but since the replies have grown: nobody waits
    complete_but_changed = 4,  // complete, in any case: a watched key had changed
};

// --- Reading ---

class byte_reader {
  public:
    constexpr byte_reader() = default;
    constexpr explicit byte_reader(std::string_view bytes) : rest_(bytes) {}

    constexpr bool ok() const { return ok_; }
    constexpr bool at_end() const { return rest_.empty(); }
    constexpr std::size_t left() const { return rest_.size(); }

    constexpr std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
    constexpr std::uint16_t u16() { return static_cast<std::uint16_t>(integer(2)); }
    constexpr std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }

    constexpr std::string_view bytes(std::size_t size) {
        if (size > rest_.size()) {
            fail();
            return {};
        }
        std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    // What stands behind its size.
    constexpr std::string_view sized() { return bytes(u32()); }

    // A number of things that take at least so many bytes each: so no count makes anybody
    // reserve more than a multiple of what was sent.
    constexpr std::uint32_t count_of(std::size_t least_size, std::uint32_t count) {
        if (count > rest_.size() / least_size) {
            fail();
            return 0;
        }
        return count;
    }

    constexpr void fail() {
        ok_ = false;
        rest_ = {};
    }

  private:
    constexpr std::uint32_t integer(std::size_t size) {
        std::uint32_t value = 0;
        for (char byte : bytes(size))
            value = value << 8 | static_cast<std::uint8_t>(byte);
        return value;
    }

    std::string_view rest_;
    bool ok_ = true;
};

struct watched_key {
    std::uint16_t database;
    std::string_view key;
    std::string_view version;
};

// One section of a batch. Read the watched keys first, then the commands, each with all of its
// arguments; then ok() && at_end() tells whether it was well-formed.
class section_reader {
  public:
    constexpr explicit section_reader(std::string_view bytes) : in_(bytes) {
        protocol_ = in_.u8();
        if (in_.u8() != 0 || (protocol_ != 2 && protocol_ != 3))
            in_.fail();
        database_ = in_.u16();
        watched_ = static_cast<std::uint16_t>(in_.count_of(10, in_.u16()));
    }

    constexpr bool ok() const { return in_.ok(); }
    constexpr bool at_end() const { return in_.at_end(); }
    constexpr int protocol() const { return protocol_; }
    constexpr std::uint16_t database() const { return database_; }
    constexpr std::uint16_t watched() const { return watched_; }

    constexpr watched_key next_watched() {
        std::uint16_t database = in_.u16();
        std::string_view key = in_.sized();
        return {database, key, in_.sized()};
    }

    constexpr std::uint32_t commands() { return in_.count_of(4, in_.u32()); }
    constexpr std::uint32_t arguments() { return in_.count_of(4, in_.u32()); }
    constexpr std::string_view next_argument() { return in_.sized(); }

  private:
    byte_reader in_;
    std::uint8_t protocol_ = 0;
    std::uint16_t database_ = 0;
    std::uint16_t watched_ = 0;
};

// A batch. Another version is for the caller to look at: nothing of it is read.
class batch_reader {
  public:
    constexpr explicit batch_reader(std::string_view bytes) : in_(bytes) {
        version_ = in_.u8();
        flags_ = version_ == batch_version ? in_.u8() : 0;
        if ((flags_ & ~(may_wait | exec | in_any_case)) != 0 || (has(in_any_case) && !has(exec)))
            in_.fail();
    }

    constexpr bool ok() const { return in_.ok(); }
    constexpr std::uint8_t version() const { return version_; }
    constexpr bool has(batch_flag flag) const { return (flags_ & flag) != 0; }
    constexpr bool has_section() const { return in_.ok() && !in_.at_end(); }
    constexpr section_reader next_section() { return section_reader(in_.sized()); }

  private:
    byte_reader in_;
    std::uint8_t version_ = 0;
    std::uint8_t flags_ = 0;
};

// The replies to one section: `answered` of them.
class section_replies {
  public:
    constexpr explicit section_replies(std::string_view bytes) : in_(bytes) {
        std::uint8_t status = in_.u8();
        if (status > static_cast<std::uint8_t>(section_status::complete_but_changed))
            in_.fail();
        status_ = static_cast<section_status>(status);
        answered_ = in_.count_of(4, in_.u32());
    }

    constexpr bool ok() const { return in_.ok(); }
    constexpr bool at_end() const { return in_.at_end(); }
    constexpr section_status status() const { return status_; }
    constexpr std::uint32_t answered() const { return answered_; }
    constexpr std::string_view next_reply() { return in_.sized(); }

  private:
    byte_reader in_;
    section_status status_ = section_status::complete;
    std::uint32_t answered_ = 0;
};

// The replies to a batch, a section for each of its sections.
class replies_reader {
  public:
    constexpr explicit replies_reader(std::string_view bytes) : in_(bytes) { version_ = in_.u8(); }

    constexpr bool ok() const { return in_.ok(); }
    constexpr std::uint8_t version() const { return version_; }
    constexpr bool has_section() const { return in_.ok() && !in_.at_end(); }
    constexpr section_replies next_section() { return section_replies(in_.sized()); }

  private:
    byte_reader in_;
    std::uint8_t version_ = 0;
};

// --- Writing ---

// Into a buffer that has append(bytes, size), size() and data(), such as std::string.
template <class Buffer>
class byte_writer {
  public:
    explicit byte_writer(Buffer &to) : to_(to) {}

    void u8(std::uint8_t value) { integer<1>(value); }
    void u16(std::uint16_t value) { integer<2>(value); }
    void u32(std::uint32_t value) { integer<4>(value); }
    void sized(std::string_view bytes) {
        u32(static_cast<std::uint32_t>(bytes.size()));
        to_.append(bytes.data(), bytes.size());
    }

    // Leaves room for a number that is known later.
    std::size_t reserve_u32() {
        std::size_t at = to_.size();
        u32(0);
        return at;
    }
    void set_u32(std::size_t at, std::uint32_t value) { put<4>(to_.data() + at, value); }
    // For what was reserved with reserve_u32(): the size of all that was written since.
    void set_size(std::size_t at) {
        set_u32(at, static_cast<std::uint32_t>(to_.size() - at - sizeof(std::uint32_t)));
    }

  private:
    template <int size>
    static void put(char *where, std::uint32_t value) {
        for (int i = size - 1; i >= 0; i--, value >>= 8)
            where[i] = static_cast<char>(value & 0xff);
    }
    template <int size>
    void integer(std::uint32_t value) {
        char bytes[size];
        put<size>(bytes, value);
        to_.append(bytes, size);
    }

    Buffer &to_;
};

// A batch: begin_section(), watch() for each watched key, then begin_command() and as many
// argument() as it was told, for each command; end_section().
template <class Buffer>
class batch_writer {
  public:
    batch_writer(Buffer &to, int flags) : out_(to) {
        out_.u8(batch_version);
        out_.u8(static_cast<std::uint8_t>(flags));
    }

    void begin_section(int protocol, std::uint16_t database, std::uint16_t watched = 0) {
        section_ = out_.reserve_u32();
        out_.u8(static_cast<std::uint8_t>(protocol));
        out_.u8(0);
        out_.u16(database);
        out_.u16(watched);
        commands_ = 0;
        left_to_watch_ = watched;
        if (left_to_watch_ == 0)
            count_ = out_.reserve_u32();
    }
    void watch(const watched_key &what) {
        out_.u16(what.database);
        out_.sized(what.key);
        out_.sized(what.version);
        if (--left_to_watch_ == 0)
            count_ = out_.reserve_u32();
    }
    void begin_command(std::uint32_t arguments) {
        commands_++;
        out_.u32(arguments);
    }
    void argument(std::string_view bytes) { out_.sized(bytes); }
    void end_section() {
        out_.set_u32(count_, commands_);
        out_.set_size(section_);
    }

  private:
    byte_writer<Buffer> out_;
    std::size_t section_ = 0;
    std::size_t count_ = 0;
    std::uint32_t commands_ = 0;
    std::uint16_t left_to_watch_ = 0;
};

// Replies: begin_section(), then begin_reply(), its bytes appended to the buffer, end_reply();
// end_section().
template <class Buffer>
class replies_writer {
  public:
    explicit replies_writer(Buffer &to) : to_(to), out_(to) { out_.u8(batch_version); }

    void begin_section() {
        section_ = out_.reserve_u32();
        out_.u8(0);
        count_ = out_.reserve_u32();
        replies_ = 0;
    }
    void begin_reply() { reply_ = out_.reserve_u32(); }
    void end_reply() {
        out_.set_size(reply_);
        replies_++;
    }
    void end_section(section_status status) {
        to_.data()[section_ + sizeof(std::uint32_t)] = static_cast<char>(status);
        out_.set_u32(count_, replies_);
        out_.set_size(section_);
    }
    std::uint32_t replies() const { return replies_; }

  private:
    Buffer &to_;
    byte_writer<Buffer> out_;
    std::size_t section_ = 0;
    std::size_t count_ = 0;
    std::size_t reply_ = 0;
    std::uint32_t replies_ = 0;
};

}  // namespace kvstore::redis
