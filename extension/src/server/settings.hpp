// The kvstore.* settings.
#pragma once

namespace kvstore {

namespace settings {
extern bool fast_path;         // kvstore.fast_path
extern bool sweep_subscribed;  // kvstore.sweep_subscribed
extern char *redis_stores;     // kvstore.redis_stores
// In milliseconds:
extern int sweep_interval;          // kvstore.sweep_interval, 0 turns sweeping off
extern int sweep_budget;            // kvstore.sweep_budget
extern int sweep_pause;             // kvstore.sweep_pause
extern int log_sweep_min_duration;  // kvstore.log_sweep_min_duration, -1 for never
}  // namespace settings

void define_settings();

}  // namespace kvstore
