// The launcher: the one background worker that lasts. It is connected to no
// database, so that it is in the way of no DROP DATABASE, and starts a sweeper
// (sweeper.hpp) in each database every kvstore.sweep_interval.
#pragma once

namespace kvstore {

// With shared_preload_libraries: has the postmaster start the launcher.
void register_launcher();

// Without: starts the launcher unless there is one. Called at the beginning of
// every call; looks once in a while.
void keep_launcher_running();

}  // namespace kvstore
