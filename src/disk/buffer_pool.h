// Memory for what was received and is not yet written: page-aligned buffers, recycled, within a
// budget of bytes.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace shoal::disk {

class BufferPool;

/// A run of page-aligned memory, given back to its pool by the destructor on whatever thread that
/// runs. Movable. Its content is whatever was there before.
class Buffer {
  public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        Buffer(std::move(other)).swap(*this);
        return *this;
    }
    ~Buffer();

    [[nodiscard]] explicit operator bool() const { return data_ != nullptr; }
    /// Bytes that were asked for; the memory may be larger.
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] MutableBytes bytes() { return {data_, size_}; }
    [[nodiscard]] Bytes bytes() const { return {data_, size_}; }

  private:
    friend class BufferPool;
    Buffer(std::shared_ptr<BufferPool> pool, std::byte* data, std::size_t size)
        : pool_(std::move(pool)), data_(data), size_(size) {}
    void swap(Buffer& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
    }

    std::shared_ptr<BufferPool> pool_;
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

/// Thread-safe. Lives as long as any of its buffers does.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
  public:
    static constexpr std::size_t smallest = 16 << 10;
    static constexpr std::size_t largest = 1 << 20;
    static constexpr std::size_t default_budget = 64 << 20;

    static std::shared_ptr<BufferPool> create(std::size_t budget = default_budget);
    ~BufferPool();
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;

    /// A buffer of 1 to `largest` bytes, which counts as the next power of two from `smallest` on.
    /// An empty one when the budget does not allow it: stop receiving until there is room again.
    Buffer acquire(std::size_t size);

    /// Calls back once, on the thread that gives a buffer back, when at least `size` bytes are
    /// free; at once when they are now. The callback must not block: it posts.
    void when_free(std::size_t size, std::function<void()> callback);

    [[nodiscard]] std::size_t budget() const { return budget_; }
    /// Bytes in the hands of users.
    [[nodiscard]] std::size_t in_use() const { return in_use_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::size_t available() const;
    /// Bytes of memory that the pool has from the system, in use or not.
    [[nodiscard]] std::size_t held() const;

    /// Gives the memory of buffers that nobody has had since the last call back to the system. To
    /// be called now and then, every second or so.
    void trim();

  private:
    friend class Buffer;
    static constexpr std::size_t classes = 7;  // 16, 32, 64, 128, 256, 512 KiB, 1 MiB
    /// The buffers of one size that nobody has. The one given back last goes out first, so those at
    /// the start are those that have not been wanted for longest.
    struct Shelf {
        std::vector<std::byte*> unused;
        std::size_t cold = 0;   ///< so many at the start hold no memory, addresses only
        std::size_t least = 0;  ///< so many were never all wanted since the last trim()
    };
    struct Waiter {
        std::size_t size;
        std::function<void()> callback;
    };

    explicit BufferPool(std::size_t budget) : budget_(budget) {}
    static std::size_t class_of(std::size_t size);
    static constexpr std::size_t class_bytes(std::size_t index) { return smallest << index; }
    std::byte* take(Shelf& shelf);
    void give_back(std::byte* data, std::size_t size);
    std::vector<std::function<void()>> take_ready_waiters();
    void shrink();

    const std::size_t budget_;
    std::atomic<std::size_t> in_use_ = 0;  ///< changed under mutex_, read without
    mutable std::mutex mutex_;
    std::array<Shelf, classes> shelves_;
    std::size_t unused_bytes_ = 0;
    std::vector<Waiter> waiters_;  ///< in the order of their asking
};

}  // namespace shoal::disk
