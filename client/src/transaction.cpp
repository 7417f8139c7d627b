#include "kvstore/transaction.hpp"

#include "session.hpp"

namespace kvstore {

transaction::transaction(detail::session &on, const transaction_options &options)
    : kvstore::store(on, "") {
    on.begin(options);
}

transaction::~transaction() {
    if (open_)
        on().rollback();
}

kvstore::store transaction::store(std::string name) {
    return {on(), std::move(name)};
}

void transaction::commit() {
    open_ = false;
    on().commit();
}

}  // namespace kvstore
