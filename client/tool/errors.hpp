// What the tool itself finds wrong: what was typed, a line of a file.
#pragma once

#include <stdexcept>

namespace kv {

class input_error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace kv
