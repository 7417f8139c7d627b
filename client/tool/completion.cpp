#include "completion.hpp"

#include "store_table.hpp"
#include "words.hpp"

namespace kv {

namespace {

using names = std::vector<std::string>;

names command_names() {
    names all{"use", "exit"};
    for (const command &each : commands())
        all.emplace_back(each.name);
    return all;
}

names option_names(const command &what) {
    names all;
    for (const option &each : shell_options())
        all.emplace_back(long_name(each.name));
    for (const argument &each : what.takes)
        if (each.is_option())
            all.emplace_back(long_name(each.name));
    return all;
}

// The first field of each row.
names column(const result &rows) {
    names all;
    for (int row = 0; row < PQntuples(rows.get()); row++)
        all.emplace_back(PQgetvalue(rows.get(), row, 0));
    return all;
}

names store_names(connection &on) {
    return column(on.query("SELECT store FROM " + on.in_extension("kv_stats")));
}

names keys_of_store(context &in, const std::string &prefix) {
    constexpr std::int64_t most = 100;
    names all;
    read_entries(in.on, find_store(in.on, in.store),
                 {.prefix = prefix, .max = most, .with_values = false},
                 [&](const entry &each) { all.push_back(each.key); });
    return all;
}

names candidates(context &in, const names &before, const std::string &text) {
    if (before.empty())
        return command_names();
    if (before.back() == "use" || before.back() == "--store" || before.back() == "-s")
        return store_names(in.on);
    if (before.back() == "help")
        return command_names();
    const command &what = find_command(before.front());
    if (text.starts_with('-'))
        return option_names(what);
    const bool takes_key =
        !what.takes.empty() && what.takes.front().name == std::string_view("KEY");
    return takes_key ? keys_of_store(in, text) : names{};
}

}  // namespace

names completions(context &in, const names &before, const std::string &text) try {
    names fitting;
    for (std::string &each : candidates(in, before, text))
        if (each.starts_with(text) && quote_word(each) == each)  // the others are for the user
            fitting.push_back(std::move(each));
    return fitting;
} catch (const std::exception &) {
    return {};
}

}  // namespace kv
