// Preloaded into a process, a disk that stands still: while a file of the name in SLOW_DISK_GATE is
// there, nothing that is written to a file comes to an end.
#include <cstdlib>
#include <dlfcn.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

bool is_file(int descriptor) {
    struct stat found{};
    return ::fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode);
}

void stand_still(int descriptor) {
    const char* const gate = std::getenv("SLOW_DISK_GATE");
    if (gate == nullptr || !is_file(descriptor)) return;
    while (::access(gate, F_OK) == 0) ::usleep(10'000);
}

template <class Function>
Function* original(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, size_t size) {
    static auto* const next = original<ssize_t(int, const void*, size_t)>("write");
    stand_still(descriptor);
    return next(descriptor, bytes, size);
}

ssize_t pwritev(int descriptor, const iovec* parts, int count, off_t offset) {
    static auto* const next = original<ssize_t(int, const iovec*, int, off_t)>("pwritev");
    stand_still(descriptor);
    return next(descriptor, parts, count, offset);
}

int fsync(int descriptor) {
    static auto* const next = original<int(int)>("fsync");
    stand_still(descriptor);
    return next(descriptor);
}

int fdatasync(int descriptor) {
    static auto* const next = original<int(int)>("fdatasync");
    stand_still(descriptor);
    return next(descriptor);
}

int syncfs(int descriptor) noexcept {
    static auto* const next = original<int(int)>("syncfs");
    // Of the whole file system, whatever kind the descriptor is.
    const char* const gate = std::getenv("SLOW_DISK_GATE");
    while (gate != nullptr && ::access(gate, F_OK) == 0) ::usleep(10'000);
    return next(descriptor);
}
}
