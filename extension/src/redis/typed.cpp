#include "redis/typed.hpp"

#include "redis/dispatch.hpp"
#include "rules/redis_cli.hpp"

namespace kvstore::redis {

namespace {

// The words of the line, one behind the other in `words`; nothing if they are not well-formed.
std::optional<arguments> split(std::string_view line, reply_buffer &words) {
    std::size_t most = line.size() / 2 + 1;
    auto *sizes = static_cast<std::size_t *>(palloc(sizeof(std::size_t) * most));
    std::size_t count = 0;
    for (word_splitter splitter(line); !splitter.at_end(); count++) {
        std::size_t start = words.size();
        if (!splitter.next(words))
            return std::nullopt;
        sizes[count] = words.size() - start;
    }
    auto *list = static_cast<std::string_view *>(palloc(sizeof(std::string_view) * most));
    const char *at = words.data() + VARHDRSZ;
    for (std::size_t i = 0; i < count; at += sizes[i++])
        list[i] = {at, sizes[i]};
    return arguments(list, count);
}

}  // namespace

Datum carry_out_typed(std::string_view line) {
    reply_buffer words;
    reply_buffer buffer;
    reply_buffer printed;
    execution x(buffer);
    x.begin_command(true);
    x.set_in_exec();
    std::optional<arguments> given = split(line, words);
    if (!given)
        x.out.error("ERR Invalid argument(s)");
    else if (given->empty())
        x.out.error("ERR no command");
    else
        carry_out(x, *given);
    x.close();
    append_printed(printed, buffer.since(VARHDRSZ));
    return printed.as_varlena();
}

}  // namespace kvstore::redis
