#include "model.hpp"

#include <algorithm>

#include "decision.hpp"

namespace history {

namespace {

// Whether the decision is the one that was answered, as far as anything was.
bool is_answered(const decision &made, const call &what) {
    const answer &given = what.answered;
    if (given.how == outcome::in_doubt || what.is_told_nothing)
        return true;
    const answer &due = made.answered;
    return given.how == due.how && given.sqlstate == due.sqlstate && given.yes == due.yes &&
           given.number == due.number && given.values == due.values;
}

// The expiry is in [soonest, latest] as well; whether it can be.
bool narrow(state &known, micros soonest, micros latest) {
    known.soonest = std::max(known.soonest, soonest);
    known.latest = std::min(known.latest, latest);
    return known.soonest <= known.latest;
}

// When a call decides, and from when its TTL counts.
struct instants {
    micros first;
    micros last;

    bool exist() const { return first <= last; }
};

// One call on one state.
class step {
  public:
    step(const state &before, const call &what, micros now, std::vector<state> &after)
        : before_(before), call_(what), asked_(what.what), now_(now), after_(after) {}

    void on_live_entry() const {
        for (const decision &made : decide(asked_, &before_.value, before_.is_endless()))
            if (!is_answered(made, call_))
                continue;
            else if (made.does == effect::leave)
                leave_live(made);
            else if (made.is_good_enough)
                write_unless_good(made);
            else
                write_live(made, decides(), counts(decides()));
    }

    void on_none() const {
        for (const decision &made : decide(asked_, nullptr, false))
            if (!is_answered(made, call_))
                continue;
            else if (made.does == effect::leave)
                leave_none();
            else
                write_new(made);
    }

  private:
    // --- Leaving the entry as it is: seen, then decided ---

    void leave_live(const decision &made) const {
        state known = before_;
        known.last = std::max(before_.last, call_.called);
        const instants decides{std::max(asked_no_sooner_than(known), call_.waited_until),
                               call_.returned};
        if (!known.is_endless() && !narrow(known, decides.first + 1, never))
            return;
        if (made.is_good_enough && !narrow(known, decides.first + asked_.ttl - asked_.slack + 1,
                                           decides.last + asked_.ttl + asked_.slack - 1))
            return;
        if (asked_.what == verb::ttl ? tells_what_is_left(known) : tells_expiry(known))
            after_.push_back(std::move(known));
    }

    // The clock. A batch of Redis's commands is one transaction: what one of them sees may be what
    // another has written there, which takes effect for others when the batch ends.
    micros asked_no_sooner_than(const state &seen) const {
        return asked_.by_redis ? call_.called : seen.last;
    }

    bool tells_what_is_left(state &known) const {
        const std::optional<micros> left = call_.answered.time;
        if (call_.answered.how == outcome::in_doubt)
            return true;
        if (known.is_endless() || !left)
            return known.is_endless() && !left;
        return narrow(known, asked_no_sooner_than(known) + *left - told_within(),
                      call_.returned + *left + told_within());
    }

    void leave_none() const {
        state known = before_;
        known.last = std::max(before_.last, call_.called);
        if (known.there && !narrow(known, long_ago, call_.returned))
            return;
        if (call_.answered.how == outcome::in_doubt || !call_.answered.time)
            after_.push_back(std::move(known));
    }

    // --- Changing it: decided, then seen ---

    // On an entry that stays as it is until then.
    instants decides() const {
        micros first = std::max({call_.called, before_.written, call_.waited_until});
        if (!before_.is_endless() && before_.life != never)
            first = std::max(first, before_.soonest - before_.life);
        return {first, std::min({now_, before_.latest - 1, call_.decided_by})};
    }

    instants counts(instants decides) const {
        if (call_.counts_apart)
            decides.first = std::max(call_.called, call_.waited_until);
        return decides;
    }

    // The expiry is too soon, or too late.
    void write_unless_good(const decision &made) const {
        const instants decided = decides();
        instants too_soon = counts(decided);
        instants too_late = too_soon;
        too_soon.first = std::max(too_soon.first, before_.soonest + asked_.slack - asked_.ttl);
        too_late.last = std::min(too_late.last, before_.latest - asked_.slack - asked_.ttl);
        write_live(made, decided, too_soon);
        write_live(made, decided, too_late);
    }

    void write_live(const decision &made, instants decides, instants counts) const {
        if (!call_.counts_apart)
            decides = counts;
        if (!decides.exist() || !counts.exist())
            return;
        state known = before_;
        known.written = std::max(decides.first, call_.visible_from);
        known.last = std::max(before_.last, known.written);
        if (made.does == effect::remove) {
            if (asked_.what != verb::expire_at || asked_.at <= now_)
                add_absent(known);
            return;
        }
        known.value = made.value;
        if (made.expires == expiry::kept && !known.is_endless() &&
            !narrow(known, decides.first + 1, never))
            return;
        if (made.expires != expiry::kept && !expires(known, made.expires, counts))
            return;
        if (tells_expiry(known))
            after_.push_back(std::move(known));
    }

    // Where there is none, or one that has expired.
    void write_new(const decision &made) const {
        const micros end = std::min(now_, call_.decided_by);
        const instants counts{std::max(call_.called, call_.waited_until), end};
        if ((before_.there && before_.soonest > end) || !counts.exist())
            return;
        state known{.there = true, .value = made.value};
        known.written = std::max({counts.first, before_.written, call_.visible_from});
        if (before_.there)
            known.written = std::max(known.written, before_.soonest);
        known.last = std::max(before_.last, known.written);
        if (expires(known, made.expires, counts) && tells_expiry(known))
            after_.push_back(std::move(known));
    }

    // --- Both ---

    micros told_within() const { return asked_.by_redis ? 1000 : 0; }

    // Gives what is written its expiry; whether it can have it.
    bool expires(state &known, expiry how, instants counts) const {
        known.soonest = known.latest = known.life = never;
        if (how == expiry::from_now) {
            known.soonest = counts.first + asked_.ttl;
            known.latest = counts.last + asked_.ttl;
            known.life = asked_.ttl;
        }
        if (how == expiry::at)
            known.soonest = known.latest = asked_.at;
        return how != expiry::at || asked_.at > call_.called;
    }

    // Some answers tell when the entry expires, as it is then.
    bool tells_expiry(state &known) const {
        const std::optional<micros> told = call_.answered.time;
        if (call_.answered.how != outcome::answered ||
            (asked_.what != verb::expires && asked_.what != verb::rate_limit))
            return true;
        if (known.is_endless())
            return asked_.what == verb::expires ? told == never : !told;
        return told && narrow(known, *told - told_within(), *told + told_within());
    }

    void add_absent(const state &known) const {
        after_.push_back({.written = known.written, .last = known.last});
    }

    const state &before_;
    const call &call_;
    const operation &asked_;
    const micros now_;
    std::vector<state> &after_;
};

}  // namespace

bool state::includes(const state &other) const {
    if (there != other.there || written > other.written || last > other.last)
        return false;
    return !there || (value == other.value && soonest <= other.soonest && latest >= other.latest &&
                      is_endless() == other.is_endless() && life >= other.life);
}

std::string to_string(const state &of, micros origin) {
    const auto at = [&](micros time) { return std::to_string(time - origin); };
    if (!of.there)
        return "nothing";
    std::string text = "'" + of.value + "', which ";
    if (of.is_endless())
        return text + "does not expire";
    text += "expires at " + at(of.soonest);
    return of.soonest == of.latest ? text : text + " .. " + at(of.latest);
}

void model::take_effect(const state &before, const call &what, micros now,
                        std::vector<state> &after) const {
    if (what.what.what == verb::crash) {
        state known = before;
        known.last = std::max(before.last, what.called);
        if (!survives_crash_)
            after.push_back({.written = known.last, .last = known.last});
        after.push_back(std::move(known));
        return;
    }
    if (now < what.visible_from)
        return;
    const step of(before, what, now, after);
    if (before.there)
        of.on_live_entry();
    of.on_none();
}

}  // namespace history
