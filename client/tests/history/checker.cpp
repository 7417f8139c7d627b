#include "checker.hpp"

#include <algorithm>
#include <stdexcept>

namespace history {

namespace {

constexpr std::size_t most_under_way = 64;
constexpr std::size_t too_many = 200'000;  // configurations
constexpr std::size_t remembered = 12;     // calls, for the report

}  // namespace

checker::checker(const model &of, state first) : model_(of), possible_{{std::move(first), 0}} {}

void checker::add(event next) {
    if (found_)
        return;
    if (next.is_return) {
        // It may be in the queue still.
        for (under_way &each : places_)
            if (each.what == next.what)
                each.has_returned = true;
    }
    queue_.push_back(std::move(next));
    work_off_queue();
}

void checker::work_off_queue() {
    while (!queue_.empty() && !found_) {
        const event &first = queue_.front();
        if (!first.is_return)
            begin(first.what);
        else if (all_have_returned())
            end(first);
        else
            break;
        queue_.pop_front();
    }
}

void checker::begin(const known_call &what) {
    const bool has_returned = std::any_of(queue_.begin(), queue_.end(), [&](const event &each) {
        return each.is_return && each.what == what;
    });
    for (under_way &each : places_)
        if (each.what == nullptr) {
            each = {what, has_returned};
            return;
        }
    if (places_.size() == most_under_way)
        throw std::length_error("more than 64 operations on a key at once");
    places_.push_back({what, has_returned});
}

bool checker::all_have_returned() const {
    return std::all_of(places_.begin(), places_.end(), [](const under_way &each) {
        return each.what == nullptr || each.has_returned;
    });
}

std::size_t checker::place_of(const known_call &what) const {
    return std::find_if(places_.begin(), places_.end(),
                        [&](const under_way &each) { return each.what == what; }) -
           places_.begin();
}

// It has taken effect by now, in whatever order with the others. One in doubt may also never do so,
// and one that was not carried out must not.
void checker::end(const event &returned) {
    const std::size_t place = place_of(returned.what);
    const set itself = set{1} << place;
    const outcome how = returned.what->answered.how;
    extended_.clear();
    seen_.clear();
    if (how != outcome::nothing)
        for (const configuration &each : possible_)
            explore(each, place, returned.at);
    if (how == outcome::nothing || how == outcome::in_doubt)
        for (const configuration &each : possible_)
            if ((each.done & itself) == 0)
                add_unless_included(extended_, each);
    checked_++;
    most_ = std::max(most_, extended_.size());
    if (extended_.empty())
        return report(returned, possible_, "no order of what was under way explains it");
    if (extended_.size() > too_many)
        return report(returned, possible_, "there are too many explanations");
    std::swap(possible_, extended_);
    places_[place] = {};
    earlier_.push_back(returned.what);
    if (earlier_.size() > remembered)
        earlier_.pop_front();
}

// All that can be when the operation at `goal`, and any others before it, have taken effect.
void checker::explore(const configuration &from, std::size_t goal, micros now) {
    const set wanted = set{1} << goal;
    if ((from.done & wanted) != 0) {
        add_unless_included(extended_, {from.now, from.done & ~wanted});
        return;
    }
    std::vector<state> after;
    for (std::size_t i = 0; i < places_.size(); i++) {
        const set bit = set{1} << i;
        const known_call &what = places_[i].what;
        if (what == nullptr || (from.done & bit) != 0 || what->answered.how == outcome::nothing)
            continue;
        after.clear();
        model_.take_effect(from.now, *what, now, after);
        for (state &each : after) {
            configuration next{std::move(each), from.done | bit};
            const std::size_t before = seen_.size();
            add_unless_included(seen_, next);
            if (seen_.size() > before)
                explore(next, goal, now);
        }
    }
}

// What allows less than one that is there already is not worth having.
void checker::add_unless_included(std::vector<configuration> &all, configuration next) {
    for (const configuration &each : all)
        if (each.done == next.done && each.now.includes(next.now))
            return;
    all.push_back(std::move(next));
}

void checker::report(const event &returned, std::vector<configuration> before,
                     const char *problem) {
    anomaly found{.what = returned.what, .problem = problem};
    for (configuration &each : before)
        found.before.push_back(std::move(each.now));
    for (const under_way &each : places_)
        if (each.what != nullptr && each.what != returned.what)
            found.under_way.push_back(each.what);
    found.earlier.assign(earlier_.begin(), earlier_.end());
    found_ = std::move(found);
}

std::string to_string(const anomaly &found) {
    const micros origin = found.earlier.empty() ? found.what->called : found.earlier[0]->called;
    const auto line = [&](const call &what) {
        std::string text = "  " + std::to_string(what.called - origin) + " .. " +
                           std::to_string(what.returned - origin);
        text.resize(std::max<std::size_t>(text.size(), 22), ' ');
        text += " client " + std::to_string(what.client);
        text.resize(std::max<std::size_t>(text.size(), 34), ' ');
        text += to_string(what.what, what.answered);
        if (what.answered.time && *what.answered.time != never && what.what.what != verb::ttl)
            text += ", which is at " + std::to_string(*what.answered.time - origin);
        if (what.waited_until > what.called)
            text += ", seen waiting until " + std::to_string(what.waited_until - origin);
        return text + "\n";
    };
    std::string text = "Key " + key_name(found.what->key) + ", times in microseconds since " +
                       std::to_string(origin) + ".\n\nBefore:\n";
    for (const known_call &each : found.earlier)
        text += line(*each);
    text += "\nSo there may be:\n";
    std::vector<std::string> told;
    for (const state &each : found.before) {
        std::string one = "  " + to_string(each, origin) + "\n";
        if (std::find(told.begin(), told.end(), one) == told.end() && told.size() < 20)
            told.push_back(std::move(one));
    }
    for (const std::string &each : told)
        text += each;
    if (!found.under_way.empty())
        text += "\nUnder way:\n";
    for (const known_call &each : found.under_way)
        text += line(*each);
    return text + "\nNot possible: " + found.problem + ":\n" + line(*found.what);
}

}  // namespace history
