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
// Of the program that Redis clients connect to, when it is the server that runs it:
extern char *redis_listen;    // kvstore.redis_listen, empty for not at all
extern char *redis_database;  // kvstore.redis_database
extern char *redis_user;      // kvstore.redis_user, empty for none
extern char *redis_config;    // kvstore.redis_config, a file, empty for none
extern char *redis_program;   // kvstore.redis_program
}  // namespace settings

void define_settings();

}  // namespace kvstore
