#include "disk/buffer_pool.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <new>

namespace shoal::disk {
namespace {

constexpr std::align_val_t page{4096};

void free_memory(std::byte* data) {
    ::operator delete(data, page);
}

}  // namespace

Buffer::~Buffer() {
    if (data_ != nullptr) pool_->give_back(data_, size_);
}

std::shared_ptr<BufferPool> BufferPool::create(std::size_t budget) {
    return std::shared_ptr<BufferPool>(new BufferPool(budget));
}

BufferPool::~BufferPool() {
    for (const auto& list : unused_) std::ranges::for_each(list, free_memory);
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
        if (!unused_[index].empty()) {
            data = unused_[index].back();
            unused_[index].pop_back();
            unused_bytes_ -= class_bytes(index);
        } else {
            shrink();
        }
    }
    if (data == nullptr) data = static_cast<std::byte*>(::operator new(class_bytes(index), page));
    return {shared_from_this(), data, size};
}

void BufferPool::shrink() {
    // What is kept for reuse counts too, so that the pool as a whole stays within its budget.
    const std::size_t allowed = budget_ - std::min(budget_, in_use_.load());
    for (std::size_t index = classes; index-- > 0 && unused_bytes_ > allowed;) {
        while (!unused_[index].empty() && unused_bytes_ > allowed) {
            free_memory(unused_[index].back());
            unused_[index].pop_back();
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
        unused_[index].push_back(data);
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

void BufferPool::trim() {
    const std::lock_guard lock(mutex_);
    for (auto& list : unused_) {
        std::ranges::for_each(list, free_memory);
        list.clear();
    }
    unused_bytes_ = 0;
}

}  // namespace shoal::disk
