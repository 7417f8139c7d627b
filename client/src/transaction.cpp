#include "kvstore/transaction.hpp"

#include "kvstore/client.hpp"
#include "session.hpp"

namespace kvstore {

transaction::transaction(client &in, const transaction_options &options)
    : store(in.on(), "", in.on().begin(options)) {}

transaction::~transaction() {
    rollback();
}

store transaction::open_store(std::string name) {
    return {on(), std::move(name), within()};
}

void transaction::commit() {
    on().require_under_way(within());
    is_open_ = false;
    on().commit();
}

void transaction::rollback() noexcept {
    if (is_open_)
        on().rollback();
    is_open_ = false;
}

}  // namespace kvstore
