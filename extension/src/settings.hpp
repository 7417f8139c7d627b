// The kvstore.* settings.
#pragma once

namespace kvstore {

namespace settings {
extern bool fast_path;      // kvstore.fast_path
extern int sweep_interval;  // kvstore.sweep_interval, milliseconds; 0 turns sweeping off
}  // namespace settings

void define_settings();

}  // namespace kvstore
