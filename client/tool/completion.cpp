#include "completion.hpp"

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
    arguments ignored;
    CLI::App app;
    declare(app, what, ignored);
    names all{"--json", "--store"};
    for (const CLI::Option *option : static_cast<const CLI::App &>(app).get_options())
        for (const std::string &name : option->get_lnames())
            all.push_back("--" + name);
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
    return column(on.query("SELECT store FROM kv_stats"));
}

names keys(context &in, const std::string &prefix) {
    const std::string table =
        PQgetvalue(in.on.query("SELECT $1::pg_catalog.regclass", {{in.store}}).get(), 0, 0);
    return column(in.on.query("SELECT key FROM " + table +
                                  " WHERE key ^@ $1 AND expires > pg_catalog.now()"
                                  " ORDER BY key LIMIT 100",
                              {{prefix}}));
}

names candidates(context &in, const names &before, const std::string &text) {
    if (before.empty())
        return command_names();
    if (before.back() == "use" || before.back() == "--store" || before.back() == "-s")
        return store_names(in.on);
    if (before.back() == "help")
        return command_names();
    const command *what = find_command(before.front());
    if (what == nullptr)
        return {};
    if (text.starts_with('-'))
        return option_names(*what);
    return takes_key(*what) ? keys(in, text) : names{};
}

}  // namespace

names completions(context &in, const names &before, const std::string &text) try {
    names fitting;
    for (std::string &each : candidates(in, before, text))
        if (each.starts_with(text) && quote_word(each) == each)  // the others are for the user
            fitting.push_back(std::move(each));
    return fitting;
} catch (const kvstore::error &) {
    return {};
}

}  // namespace kv
