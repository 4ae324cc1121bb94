// Open files of all torrents, the most recently used ones, so that a block costs no open and close.
#pragma once
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/unordered_set.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "disk/file_system.h"

namespace shoal::disk {

/// Thread-safe. Never blocks on the disk but for closing a file, nor allocates while others wait.
class HandleCache {
  public:
    /// limit: files, at least one.
    explicit HandleCache(std::size_t limit = fitting_limit());
    ~HandleCache();
    HandleCache(const HandleCache&) = delete;
    HandleCache& operator=(const HandleCache&) = delete;

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
    struct Entry : boost::intrusive::list_base_hook<>, boost::intrusive::unordered_set_base_hook<> {
        Entry(const Key& of, std::shared_ptr<File> opened) : key(of), file(std::move(opened)) {}

        Key key;
        std::shared_ptr<File> file;
    };
    struct KeyOf {
        using type = Key;
        const Key& operator()(const Entry& entry) const { return entry.key; }
    };
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept {
            // Files that follow each other are used one after the other: their buckets do, too.
            return static_cast<std::size_t>(key.owner * 0x9e3779b97f4a7c15u + key.file);
        }
    };
    using Index = boost::intrusive::unordered_set<Entry, boost::intrusive::key_of_value<KeyOf>,
                                                  boost::intrusive::hash<Hash>,
                                                  boost::intrusive::power_2_buckets<true>>;
    using Recency = boost::intrusive::list<Entry>;

    std::unique_ptr<Entry> take(Entry& entry);

    const std::size_t limit_;
    mutable std::mutex mutex_;
    std::unique_ptr<Index::bucket_type[]> buckets_;
    Index index_;      ///< owns none of its entries
    Recency entries_;  ///< most recently used first; owns them
};

}  // namespace shoal::disk
