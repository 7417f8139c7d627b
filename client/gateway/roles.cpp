#include "roles.hpp"

#include <algorithm>

#include "batch_replies.hpp"
#include "log.hpp"

namespace kvstore::gateway {

namespace {

using std::chrono::steady_clock;

constexpr int most_attempts = 8;             // at a time
constexpr int most_attempts_of_address = 2;  // so that nobody takes all places
constexpr auto delay_of_failure = std::chrono::milliseconds(100);  // times how many there were
constexpr auto longest_delay = std::chrono::milliseconds(2000);
constexpr auto kept_idle = std::chrono::seconds(60);
constexpr const char *wrong_password =
    "WRONGPASS invalid username-password pair or user is disabled.";

pool_sizes sizes_in(const settings &told) {
    return {.main = told.backends, .waiting = told.waiting_backends};
}

}  // namespace

roles::roles(const executor &on, const settings &told, counters &counted)
    : on_(on), told_(told), counters_(counted) {
    if (!told.anonymous_user.empty())
        anonymous_ = std::make_unique<role>(on, address_of(told.anonymous_user, ""), sizes_in(told),
                                            counted);
}

server_address roles::address_of(const std::string &user, const std::string &password) const {
    return {.conninfo = told_.conninfo,
            .user = user,
            .password = password,
            .stores = told_.stores,
            .must_ask = !password.empty() && !told_.accept_trust};
}

role &roles::known(const std::string &name, const std::string &number) {
    std::unique_ptr<role> &one = by_name_[name];
    if (one && one->number != number) {
        one->password.forget();
        one->backends.set_password("-");
        one->name += " (renamed)";
        former_.push_back(std::move(one));
    }
    if (!one) {
        one = std::make_unique<role>(on_, address_of(name, "-"), sizes_in(told_), counters_);
        one->number = number;
    }
    return *one;
}

// --- Logging in --------------------------------------------------------------------------------

task<roles::login> roles::log_in(std::string_view given_name, std::string_view given_password,
                                 std::string_view address) {
    const std::string name(given_name == "default" ? told_.user : given_name);
    const std::string password(given_password);
    // Without a password libpq would look for one in this program's environment and files.
    if (name.empty() || password.empty() || name.find('\0') != name.npos ||
        password.find('\0') != password.npos)
        co_return login{nullptr, wrong_password};
    if (const auto found = by_name_.find(name);
        found != by_name_.end() && found->second->password.knows(password)) {
        login known_already{found->second.get(), ""};
        co_return known_already;
    }
    attempts &from = attempts_[std::string(address)];
    co_await wait_for_turn(from);
    login outcome = co_await ask_server(name, password);
    from.last = steady_clock::now();
    from.failures = outcome.as != nullptr ? 0 : from.failures + 1;
    end_turn(from);
    if (outcome.as == nullptr) {
        counters_.failed_logins++;
        from.delayed++;
        const auto delay =
            std::min<std::chrono::milliseconds>(delay_of_failure * from.failures, longest_delay);
        co_await sleep_for(on_, delay);
        from.delayed--;
    }
    co_return outcome;
}

task<roles::login> roles::ask_server(const std::string &name, const std::string &password) {
    auto opened = std::make_unique<backend>(on_);
    const server_address address = address_of(name, password);
    const std::string problem = co_await opened->open(address);
    login outcome;
    if (problem.empty()) {
        role &one = known(name, opened->role_number());
        one.backends.set_password(password);
        one.password.remember(password);
        one.backends.adopt(std::move(opened));
        outcome.as = &one;
    } else {
        log("AUTH as \"" + name + "\" failed: " + problem);
        outcome.error = opened->was_refused()
                            ? wrong_password
                            : "ERR AUTH is not possible now: see kvstore-redis's log";
    }
    co_return outcome;
}

// --- Taking turns ------------------------------------------------------------------------------

bool roles::may_run(const attempts &from) const {
    return running_ < most_attempts && from.running < most_attempts_of_address;
}

task<void> roles::wait_for_turn(attempts &from) {
    if (!may_run(from)) {
        waiter self{&from, {}};
        waiting_.push_back(&self);
        co_await self.turn.wait();
    } else {
        running_++;
        from.running++;
    }
}

void roles::end_turn(attempts &from) {
    running_--;
    from.running--;
    const auto next =
        std::ranges::find_if(waiting_, [this](const waiter *each) { return may_run(*each->from); });
    if (next == waiting_.end())
        return;
    waiter *its = *next;
    waiting_.erase(next);
    running_++;
    its->from->running++;
    its->turn.set();
}

// --- Tidying up --------------------------------------------------------------------------------

void roles::tidy() {
    const auto now = steady_clock::now();
    for_each([&](role &one) {
        if (one.clients > 0)
            one.last_used = now;
        one.backends.close_idle(kept_idle);
    });
    for (auto &[name, one] : by_name_)
        if (now - one->last_used > kept_idle && one->backends.is_idle()) {
            one->password.forget();
            one->backends.set_password("-");
        }
    std::erase_if(attempts_, [&](const auto &each) {
        return each.second.running + each.second.delayed == 0 &&
               now - each.second.last > kept_idle &&
               std::ranges::none_of(waiting_,
                                    [&](const waiter *one) { return one->from == &each.second; });
    });
}

}  // namespace kvstore::gateway
