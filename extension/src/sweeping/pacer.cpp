#include "sweeping/pacer.hpp"

#include "rules/monotonic.hpp"
#include "server/postgres.hpp"
#include "server/settings.hpp"

namespace kvstore {

namespace {

constexpr timestamp microseconds_per_millisecond = 1000;

void pause(int milliseconds) {
    pgstat_report_activity(STATE_IDLE, nullptr);
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds,
                    PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    if (ConfigReloadPending) {
        ConfigReloadPending = false;
        ProcessConfigFile(PGC_SIGHUP);
    }
}

}  // namespace

bool pacer::out_of_time() const {
    return monotonic_now() >= end_;
}

timestamp pacer::deadline() const {
    return monotonic_now() + settings::sweep_budget * microseconds_per_millisecond;
}

void pacer::worked(timestamp microseconds) {
    CHECK_FOR_INTERRUPTS();
    since_pause_ += microseconds;
    if (since_pause_ < settings::sweep_budget * microseconds_per_millisecond)
        return;
    since_pause_ = 0;
    if (settings::sweep_pause > 0)
        pause(settings::sweep_pause);
    CHECK_FOR_INTERRUPTS();
}

}  // namespace kvstore
