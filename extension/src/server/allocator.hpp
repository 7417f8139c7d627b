// What malloc() does with memory that is free again.
#pragma once

#include <utility>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace kvstore {

// For sessions that need some 100 KB again and again. glibc gives what is free at the end of its
// heap back to the system as soon as it is 128 KB, and to get it again costs a fault for each page;
// up to 4 MB stay from now on.
inline void keep_freed_memory() {
#ifdef __GLIBC__
    static bool is_done = false;
    if (std::exchange(is_done, true))
        return;
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);  // else it would be 128 KB from now on
#endif
}

}  // namespace kvstore
