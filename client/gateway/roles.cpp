#include "roles.hpp"

#include <algorithm>

#include "batch_replies.hpp"
#include "log.hpp"

namespace kvstore::gateway {

namespace {

using std::chrono::steady_clock;

constexpr int most_attempts = 8;             // at a time
constexpr int most_attempts_of_address = 2;  // so that nobody takes all places
constexpr int most_attempts_as_role = 2;     // and who guesses none of others
constexpr auto delay_of_failure = std::chrono::milliseconds(100);  // times how many there were
constexpr auto longest_delay = std::chrono::milliseconds(2000);
constexpr auto longest_rest = std::chrono::milliseconds(250);
constexpr auto longest_wait = std::chrono::seconds(10);
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
        one->name += "(renamed)";
        former_.push_back(std::exchange(one, nullptr));
    }
    if (!one) {
        one = std::make_unique<role>(on_, address_of(name, "-"), sizes_in(told_), counters_);
        one->number = number;
    }
    return *one;
}

role *roles::find(std::string_view name) {
    const auto found = by_name_.find(name);
    return found != by_name_.end() ? found->second.get() : nullptr;
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
    role *const its = find(name);
    if (its != nullptr && its->password.knows(password)) {
        login known_already{its, ""};
        co_return known_already;
    }
    // Who guesses from the same address is nobody to wait for.
    const bool is_familiar = its != nullptr && its->password.recognizes(password);
    const std::string where(is_familiar ? "familiar" : address);
    const std::string as = where + " " + name;
    const attempt made{attempts_[is_familiar ? as : where], attempts_[as]};
    login outcome = co_await take_turn(made, name, password);
    if (is_familiar && outcome.error == wrong_password)
        its->password.forget();
    co_return outcome;
}

// A wrong password costs us nearly as much time as the server, and has the attempts as that role
// rest for a while; whoever made it waits longer.
task<roles::login> roles::take_turn(attempt its, const std::string &name,
                                    const std::string &password) {
    const bool has_turn = co_await wait_for_turn(its);
    if (!has_turn)
        co_return login{nullptr, "ERR too many clients of this address try to AUTH"};
    login outcome;
    // Another may have been faster.
    if (role *known = find(name); known != nullptr && known->password.knows(password))
        outcome.as = known;
    else
        outcome = co_await ask_server(name, password);
    its.from.last = its.as.last = steady_clock::now();
    its.from.failures = outcome.as != nullptr ? 0 : its.from.failures + 1;
    running_--;
    its.from.running--;
    let_others_run();
    std::chrono::milliseconds delay{0};
    if (outcome.as == nullptr) {
        counters_.failed_logins++;
        delay = std::min<std::chrono::milliseconds>(delay_of_failure * its.from.failures,
                                                    longest_delay);
    }
    const auto rest = std::min<std::chrono::milliseconds>(delay, longest_rest);
    its.from.delayed++;
    if (rest.count() > 0)
        co_await sleep_for(on_, rest);
    its.as.resting--;
    let_others_run();
    if (delay > rest)
        co_await sleep_for(on_, delay - rest);
    its.from.delayed--;
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

bool roles::may_run(const attempt &its) const {
    return running_ < most_attempts && its.from.running < most_attempts_of_address &&
           its.as.resting < most_attempts_as_role;
}

void roles::begin(const attempt &its) {
    running_++;
    its.from.running++;
    its.as.resting++;
}

// Says whether there was one, in the time that there is.
task<bool> roles::wait_for_turn(attempt its) {
    if (may_run(its)) {
        begin(its);
        co_return true;
    }
    waiter self{its, steady_clock::now() + longest_wait, false, {}};
    waiting_.push_back(&self);
    co_await self.woken.wait();
    co_return self.has_turn;
}

void roles::let_others_run() {
    const auto next =
        std::ranges::find_if(waiting_, [this](const waiter *each) { return may_run(each->its); });
    if (next == waiting_.end())
        return;
    begin((*next)->its);
    wake(next, true);
}

void roles::wake(const std::deque<waiter *>::const_iterator &which, bool has_turn) {
    waiter *const its = *which;
    waiting_.erase(which);
    its->has_turn = has_turn;
    its->woken.set();
}

// --- Tidying up --------------------------------------------------------------------------------

void roles::tidy() {
    const auto now = steady_clock::now();
    for_each([&](role &one) {
        if (one.clients > 0)
            one.last_used = now;
        one.backends.close_idle(kept_idle);
        one.messages.close_idle(kept_idle);
    });
    for (auto &[name, one] : by_name_)
        if (now - one->last_used > kept_idle && one->backends.is_idle()) {
            one->password.forget();
            one->backends.set_password("-");
        }
    while (!waiting_.empty() && now >= waiting_.front()->gives_up)
        wake(waiting_.begin(), false);
    std::erase_if(attempts_, [&](const auto &each) {
        const attempts *its = &each.second;
        return its->running + its->resting + its->delayed == 0 && now - its->last > kept_idle &&
               std::ranges::none_of(waiting_, [&](const waiter *one) {
                   return &one->its.from == its || &one->its.as == its;
               });
    });
}

}  // namespace kvstore::gateway
