#include "disk/mapping.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <optional>
#include <sys/mman.h>

#include "base/memory.h"

namespace shoal::disk {
namespace {

/// Pages that are ours. Read by the handler of a signal, so it takes no lock.
struct Guard {
    static constexpr std::uintptr_t unused = 0;
    static constexpr std::uintptr_t taken = 1;
    std::atomic<std::uintptr_t> begin = unused;  ///< an address once `end` is valid
    std::atomic<std::uintptr_t> end = 0;
    std::atomic<bool> damaged = false;
};
static_assert(std::atomic<std::uintptr_t>::is_always_lock_free);

/// Enough for 64 threads; what is beyond is read, not mapped.
constexpr std::size_t most_mappings = 1024;
std::array<Guard, most_mappings> guards;
std::atomic<std::size_t> next_guard = 0;
struct sigaction former{};

std::uintptr_t address_of(const void* pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer);
}

Guard* guard_of(std::uintptr_t address) {
    for (Guard& guard : guards) {
        const std::uintptr_t begin = guard.begin.load(std::memory_order_acquire);
        if (begin <= Guard::taken || address < begin) continue;
        const std::uintptr_t end = guard.end.load(std::memory_order_acquire);
        // Another thread may have given it to other pages meanwhile.
        if (address < end && guard.begin.load(std::memory_order_acquire) == begin) return &guard;
    }
    return nullptr;
}

/// The system found no bytes for a page of ours: the file is shorter now, or the disk failed. A
/// page of zeros takes its place. For what is not ours the signal does what it did before.
void on_missing_page(int signal, siginfo_t* info, void* context) {
    if (info->si_code <= 0) {  // sent by a process
        ::sigaction(signal, &former, nullptr);
        ::raise(signal);
        return;
    }
    const int error = errno;
    const std::uintptr_t address = address_of(info->si_addr);
    std::byte* const page = static_cast<std::byte*>(info->si_addr) - address % page_bytes();
    Guard* const guard = guard_of(address);
    const bool mended =
        guard != nullptr && ::mmap(page, page_bytes(), PROT_READ,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
    if (mended) guard->damaged.store(true, std::memory_order_relaxed);
    errno = error;
    if (mended) return;
    if ((former.sa_flags & SA_SIGINFO) != 0 && former.sa_sigaction != nullptr) {
        return former.sa_sigaction(signal, info, context);
    }
    ::sigaction(signal, &former, nullptr);  // and the instruction is tried again
}

bool watch_pages() {
    static const bool watched = [] {
        static_cast<void>(page_bytes());  // which the handler only has to look up then
        struct sigaction action{};
        action.sa_sigaction = on_missing_page;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        ::sigemptyset(&action.sa_mask);
        return ::sigaction(SIGBUS, &action, &former) == 0;
    }();
    return watched;
}

std::optional<std::size_t> take_guard() {
    for (std::size_t tries = 0; tries < most_mappings; ++tries) {
        const std::size_t number = next_guard++ % most_mappings;
        std::uintptr_t unused = Guard::unused;
        if (guards[number].begin.compare_exchange_strong(unused, Guard::taken)) return number;
    }
    return std::nullopt;
}

void give_back(std::size_t guard) {
    guards[guard].begin.store(Guard::unused, std::memory_order_release);
}

}  // namespace

std::shared_ptr<const MappedRegion> MappedRegion::map(int descriptor, ByteCount offset,
                                                      ByteCount length) {
    if (!watch_pages()) return nullptr;
    const auto number = take_guard();
    if (!number) return nullptr;
    const auto size = static_cast<std::size_t>(length);
    void* const pages =
        ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, static_cast<off_t>(offset));
    if (pages == MAP_FAILED) {
        give_back(*number);
        return nullptr;
    }
    Guard& guard = guards[*number];
    guard.damaged.store(false, std::memory_order_relaxed);
    guard.end.store(address_of(pages) + size, std::memory_order_release);
    guard.begin.store(address_of(pages), std::memory_order_release);
    const Bytes bytes(static_cast<const std::byte*>(pages), size);
    return std::shared_ptr<const MappedRegion>(new MappedRegion(offset, bytes, *number));
}

bool MappedRegion::is_damaged() const {
    return guards[guard_].damaged.load(std::memory_order_relaxed);
}

MappedRegion::~MappedRegion() {
    // In this order: once the pages are gone, others may get their addresses.
    give_back(guard_);
    ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace shoal::disk
