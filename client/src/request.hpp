// One statement to be carried out: a function of the extension with its arguments.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kvstore/options.hpp"
#include "wire.hpp"

namespace kvstore::detail {

struct request {
    const char *select;  // what stands before the function
    const char *what;    // a function, or the view
    bool is_function = true;
    bool is_ours = true;  // in the extension's schema
    std::vector<parameter> parameters{};
    transaction_number transaction = no_transaction;

    // An argument without a value is left out, null() says otherwise.
    template <class T>
    void add(const T &argument) {
        parameters.push_back(to_parameter(argument));
    }
    void add(const std::string &text) { add(std::string_view(text)); }
    void add(const std::optional<time_to_live> &time) {
        if (time)
            add(*time);
    }

    // The statement's text, for the schema that the extension is in, if that is known.
    std::string sql(const std::string &schema) const;
};

// A call of a function for a store; its name is empty for kv_store.
template <class... Arguments>
request make_request(const char *select, const char *function, const std::string &store,
                     const Arguments &...arguments) {
    request made{select, function};
    (made.add(arguments), ...);
    if (!store.empty()) {
        made.parameters.push_back(name_parameter("regclass", store));
        made.parameters.back().name = "store";
    }
    return made;
}

}  // namespace kvstore::detail
