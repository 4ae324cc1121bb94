#include "disk/buffer_pool.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <new>
#include <sys/mman.h>

#include "base/memory.h"

namespace shoal::disk {
namespace {

std::align_val_t page() {
    return std::align_val_t(page_bytes());
}

void free_memory(std::byte* data) {
    ::operator delete(data, page());
}

/// Keeps the addresses, but lets the system have the memory; what it held is lost.
void let_go(std::byte* data, std::size_t size) {
#ifdef __linux__
    ::madvise(data, size, MADV_DONTNEED);
#else
    ::madvise(data, size, MADV_FREE);
#endif
}

}  // namespace

Buffer::~Buffer() {
    if (data_ != nullptr) pool_->give_back(data_, size_);
}

std::shared_ptr<BufferPool> BufferPool::create(std::size_t budget) {
    return std::shared_ptr<BufferPool>(new BufferPool(budget));
}

BufferPool::~BufferPool() {
    for (const Shelf& shelf : shelves_) std::ranges::for_each(shelf.unused, free_memory);
}

std::size_t BufferPool::class_of(std::size_t size) {
    assert(size > 0 && size <= largest);
    return static_cast<std::size_t>(std::bit_width((size - 1) / smallest));
}

Buffer BufferPool::acquire(std::size_t size) {
    const std::size_t index = class_of(size);
    std::byte* data = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (in_use_ + class_bytes(index) > budget_) return {};
        in_use_ += class_bytes(index);
        if (!shelves_[index].unused.empty()) {
            data = take(shelves_[index]);
            unused_bytes_ -= class_bytes(index);
        } else {
            shrink();
        }
    }
    if (data == nullptr) data = static_cast<std::byte*>(::operator new(class_bytes(index), page()));
    return {shared_from_this(), data, size};
}

std::byte* BufferPool::take(Shelf& shelf) {
    std::byte* data = shelf.unused.back();
    shelf.unused.pop_back();
    shelf.cold = std::min(shelf.cold, shelf.unused.size());
    shelf.least = std::min(shelf.least, shelf.unused.size());
    return data;
}

void BufferPool::shrink() {
    // What is kept for reuse counts too, so that the pool as a whole stays within its budget.
    const std::size_t allowed = budget_ - std::min(budget_, in_use_.load());
    for (std::size_t index = classes; index-- > 0 && unused_bytes_ > allowed;) {
        while (!shelves_[index].unused.empty() && unused_bytes_ > allowed) {
            free_memory(take(shelves_[index]));
            unused_bytes_ -= class_bytes(index);
        }
    }
}

void BufferPool::give_back(std::byte* data, std::size_t size) {
    const std::size_t index = class_of(size);
    std::vector<std::function<void()>> ready;
    {
        const std::lock_guard lock(mutex_);
        in_use_ -= class_bytes(index);
        shelves_[index].unused.push_back(data);
        unused_bytes_ += class_bytes(index);
        ready = take_ready_waiters();
    }
    for (const auto& callback : ready) callback();
}

std::vector<std::function<void()>> BufferPool::take_ready_waiters() {
    std::vector<std::function<void()>> ready;
    std::size_t free = available();
    auto waiter = waiters_.begin();
    // Strictly in order, so that a waiter for much is not starved by those for little.
    for (; waiter != waiters_.end() && waiter->size <= free; ++waiter) {
        free -= waiter->size;
        ready.push_back(std::move(waiter->callback));
    }
    waiters_.erase(waiters_.begin(), waiter);
    return ready;
}

void BufferPool::when_free(std::size_t size, std::function<void()> callback) {
    assert(size <= budget_);
    {
        const std::lock_guard lock(mutex_);
        if (!waiters_.empty() || available() < size) {
            waiters_.push_back({size, std::move(callback)});
            return;
        }
    }
    callback();
}

std::size_t BufferPool::available() const {
    return budget_ - std::min(budget_, in_use());
}

std::size_t BufferPool::held() const {
    const std::lock_guard lock(mutex_);
    std::size_t bytes = in_use_ + unused_bytes_;
    for (std::size_t index = 0; index < classes; ++index) {
        bytes -= shelves_[index].cold * class_bytes(index);
    }
    return bytes;
}

void BufferPool::trim() {
    const std::lock_guard lock(mutex_);
    for (std::size_t index = 0; index < classes; ++index) {
        Shelf& shelf = shelves_[index];
        // Where pages are large, what is smaller shares one with others.
        if (class_bytes(index) % page_bytes() != 0) continue;
        for (; shelf.cold < shelf.least; ++shelf.cold) {
            let_go(shelf.unused[shelf.cold], class_bytes(index));
        }
        shelf.least = shelf.unused.size();
    }
}

}  // namespace shoal::disk
