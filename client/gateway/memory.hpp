// Memory of what was large once.
#pragma once

namespace kvstore::gateway {

// Empties a string or a vector, and gives back its memory, which clear() and `= {}` keep.
template <class Container>
void give_back(Container &what) {
    Container().swap(what);
}

}  // namespace kvstore::gateway
