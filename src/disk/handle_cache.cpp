#include "disk/handle_cache.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <sys/resource.h>
#include <utility>

namespace shoal::disk {

std::size_t HandleCache::fitting_limit() {
    constexpr rlim_t least = 16;
    constexpr rlim_t most = 12'288;
    constexpr rlim_t for_connections = 8192;
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return least;
    const rlim_t all = descriptors.rlim_cur;
    return std::clamp(std::max(all / 4, all - std::min(all, for_connections)), least, most);
}

std::uint64_t HandleCache::new_owner() {
    static std::atomic<std::uint64_t> next = 1;
    return next++;
}

HandleCache::HandleCache(std::size_t limit)
    : limit_(limit),
      buckets_(std::make_unique<Index::bucket_type[]>(std::bit_ceil(limit))),
      index_(Index::bucket_traits(buckets_.get(), std::bit_ceil(limit))) {
    assert(limit > 0);
}

HandleCache::~HandleCache() {
    index_.clear();
    entries_.clear_and_dispose(std::default_delete<Entry>());
}

std::unique_ptr<HandleCache::Entry> HandleCache::take(Entry& entry) {
    index_.erase(index_.iterator_to(entry));
    entries_.erase(entries_.iterator_to(entry));
    return std::unique_ptr<Entry>(&entry);
}

std::shared_ptr<File> HandleCache::find(const Key& key) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, entries_.iterator_to(*found));
    return found->file;
}

std::shared_ptr<File> HandleCache::insert(const Key& key, std::shared_ptr<File> file) {
    auto entry = std::make_unique<Entry>(key, file);
    std::unique_ptr<Entry> evicted;  // closed after the lock is let go
    const std::lock_guard lock(mutex_);
    const auto [place, is_new] = index_.insert(*entry);
    if (!is_new) return place->file;
    entries_.push_front(*entry.release());
    if (entries_.size() > limit_) evicted = take(entries_.back());
    return file;
}

void HandleCache::erase(const Key& key) {
    std::unique_ptr<Entry> closing;
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found != index_.end()) closing = take(*found);
}

void HandleCache::erase_all(std::uint64_t owner) {
    Recency closing;
    {
        const std::lock_guard lock(mutex_);
        for (auto at = entries_.begin(); at != entries_.end();) {
            Entry& entry = *at++;
            if (entry.key.owner == owner) closing.push_back(*take(entry).release());
        }
    }
    closing.clear_and_dispose(std::default_delete<Entry>());
}

std::size_t HandleCache::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

}  // namespace shoal::disk
