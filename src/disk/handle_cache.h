// Open files of all torrents, the most recently used ones, so that a block costs no open and close.
#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "disk/file_system.h"

namespace shoal::disk {

/// Thread-safe; never blocks on the disk, but for closing a file.
class HandleCache {
  public:
    explicit HandleCache(std::size_t limit = fitting_limit()) : limit_(limit) {}

    /// All descriptors that the process may have but 8,192, which are for connections; at least a
    /// quarter of them, and at most 12,288, because each open file takes memory of the system's.
    static std::size_t fitting_limit();

    /// Names one file of one user of the cache.
    struct Key {
        std::uint64_t owner = 0;
        std::uint32_t file = 0;
        bool operator==(const Key&) const = default;
    };

    /// A number for a new user, never given out twice.
    static std::uint64_t new_owner();

    /// None when it is not there.
    std::shared_ptr<File> find(const Key& key);
    /// Returns the file that is in the cache afterwards: the one that was there before, if any.
    std::shared_ptr<File> insert(const Key& key, std::shared_ptr<File> file);
    void erase(const Key& key);
    void erase_all(std::uint64_t owner);

    [[nodiscard]] std::size_t size() const;

  private:
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept {
            return static_cast<std::size_t>((key.owner << 32 | key.file) * 0x9e3779b97f4a7c15u);
        }
    };
    struct Entry {
        Key key;
        std::shared_ptr<File> file;
    };

    const std::size_t limit_;
    mutable std::mutex mutex_;
    std::list<Entry> entries_;  ///< most recently used first
    std::unordered_map<Key, std::list<Entry>::iterator, Hash> index_;
};

}  // namespace shoal::disk
