#include "cli/descriptors.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace shoal::cli {
namespace {

/// Descriptors that the system keeps room for: 128 KiB of its memory.
constexpr rlim_t room = 16384;

/// The system's table of a process's descriptors grows when one does not fit. Once there are
/// threads, Linux takes 10 to 20 ms for that, in which none of them can open anything more.
void grow_table(rlim_t descriptors) {
    const int any = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (any < 0) return;
    const int last = ::fcntl(any, F_DUPFD_CLOEXEC, static_cast<int>(descriptors) - 1);
    if (last >= 0) ::close(last);
    ::close(any);
}

}  // namespace

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) grow_table(std::min(limit.rlim_cur, room));
}

}  // namespace shoal::cli
