// Commands on a part of a value.

#include "redis/entry_access.hpp"
#include "redis/handlers.hpp"
#include "redis/options.hpp"
#include "rules/behind.hpp"

namespace kvstore::redis::handlers {

namespace {

constexpr std::size_t longest_string = 512 * 1024 * 1024;  // proto-max-bulk-len

// Writes to the value, by an operation that answers its length then.
void write_part(execution &x, const operation &op, std::string_view key, std::string_view part,
                std::size_t offset) {
    std::optional<place> to = place_of(x, op.what, key);
    if (!to)
        return;
    // A part of a character is no text, but may be part of one.
    std::optional<Datum> value =
        &op == &operations::overwrite ? varlena_of(part) : x.value(*to->in, part);
    if (!value)
        return;
    terms on{.offset = offset, .most = longest_string, .is_text = to->in->kind == value_kind::text};
    change(x, op, *to, {.key = 0, .value = *value, .on = &on}, [&](const outcome &done) {
        if (done.met != hindrance::none)
            answer_hindrance(x, done.met);
        else
            x.out.integer(counter_of(done.answer));
    });
}

// The bytes from the first to the last, which count from the end if they are negative.
std::string_view part_of(std::string_view value, std::int64_t first, std::int64_t last) {
    auto size = static_cast<std::int64_t>(value.size());
    if (first < 0 && last < 0 && first > last)
        return {};
    first = Max(first < 0 ? size + first : first, 0);
    last = Min(Max(last < 0 ? size + last : last, 0), size - 1);
    if (first > last)
        return {};
    return behind(value, static_cast<std::size_t>(first))
        .substr(0, static_cast<std::size_t>(last - first + 1));
}

}  // namespace

void append(execution &x, arguments given) {
    write_part(x, operations::append_on_terms, given[1], given[2], 0);
}

void setrange(execution &x, arguments given) {
    std::optional<std::int64_t> offset = integer(x, given[2]);
    if (offset && *offset < 0)
        x.out.error("ERR offset is out of range");
    else if (offset)
        write_part(x, operations::overwrite, given[1], given[3],
                   Min(static_cast<std::size_t>(*offset), longest_string));
}

void strlen(execution &x, arguments given) {
    with_entry(x, given[1], wanting::value, [&](const std::optional<entry> &found) {
        x.out.integer(found ? static_cast<std::int64_t>(bytes_of(found->value).size()) : 0);
    });
}

void getrange(execution &x, arguments given) {
    std::optional<std::int64_t> first = integer(x, given[2]);
    std::optional<std::int64_t> last = first ? integer(x, given[3]) : std::nullopt;
    if (!last)
        return;
    with_entry(x, given[1], wanting::value, [&](const std::optional<entry> &found) {
        x.out.bulk(found ? part_of(bytes_of(found->value), *first, *last) : "");
    });
}

void substr(execution &x, arguments given) {
    getrange(x, given);
}

}  // namespace kvstore::redis::handlers
