#include "base/heap.h"

#include <cstdlib>
#if defined(__GLIBC__)
#include <climits>
#include <malloc.h>
#endif

namespace shoal {

void keep_freed_memory() {
#if defined(__GLIBC__)
    ::mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

}  // namespace shoal
