#include "kvstore/transaction.hpp"

#include "kvstore/client.hpp"
#include "session.hpp"

namespace kvstore {

transaction::transaction(client &in, const transaction_options &options) : store(in.on(), "") {
    on().begin(options);
}

transaction::~transaction() {
    rollback();
}

store transaction::open_store(std::string name) {
    return {on(), std::move(name)};
}

void transaction::commit() {
    is_open_ = false;
    on().commit();
}

void transaction::rollback() noexcept {
    if (is_open_)
        on().rollback();
    is_open_ = false;
}

}  // namespace kvstore
