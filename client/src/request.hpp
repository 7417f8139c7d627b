// One statement to be carried out: a function of the extension with its arguments.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire.hpp"

namespace kvstore::detail {

struct request {
    const char *select;  // what stands before the function
    const char *what;    // a function, or the view
    bool is_function = true;
    std::vector<parameter> parameters{};

    // An argument without a value is left out, null() says otherwise.
    template <class T>
    void add(const T &argument) {
        parameters.push_back(to_parameter(argument));
    }
    void add(const std::optional<ttl> &time) {
        if (time)
            add(*time);
    }

    // The statement's text, for the schema that the extension is in, if that is known.
    std::string sql(const std::string &schema) const;
};

}  // namespace kvstore::detail
