// How far something has come, on standard error if that is a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace kv {

// "import [#####     ]  50 %  1200 entries"; without the bar if the whole is not known (0).
std::string progress_line(const std::string &what, std::int64_t entries, std::int64_t done,
                          std::int64_t whole);

class progress {
  public:
    progress(std::string what, std::int64_t whole);
    ~progress();  // takes the line away
    progress(const progress &) = delete;
    progress &operator=(const progress &) = delete;

    // Whether anybody sees it.
    static bool is_seen();

    // `done` is of `whole`, in whatever unit.
    void show(std::int64_t entries, std::int64_t done);

  private:
    const std::string what_;
    const std::int64_t whole_;
    const bool visible_;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace kv
