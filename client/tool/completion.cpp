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

class transaction {
  public:
    explicit transaction(connection &on) : on_(on) { on_.query("BEGIN READ ONLY"); }
    ~transaction() {
        try {
            if (on_.connected())  // and not anew
                on_.query("ROLLBACK");
        } catch (const std::exception &) {
            on_.disconnect();
        }
    }
    transaction(const transaction &) = delete;
    transaction &operator=(const transaction &) = delete;

  private:
    connection &on_;
};

// Who presses Tab does not wait for somebody's lock, nor for long.
names keys_of_store(context &in, const std::string &prefix) {
    constexpr std::int64_t most = 100;
    const transaction brief(in.on);
    in.on.query("SET LOCAL lock_timeout = '500ms'");
    in.on.query("SET LOCAL statement_timeout = '2s'");
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

// Those that need no quotes; the others are for the user.
names completions(context &in, const names &before, const std::string &text) try {
    names fitting;
    for (std::string &each : candidates(in, before, text))
        if (each.starts_with(text) && quote_word(each) == each && visible(each) == each)
            fitting.push_back(std::move(each));
    return fitting;
} catch (const std::exception &) {
    return {};
}

}  // namespace kv
