#include "disk/handle_cache.h"

#include <algorithm>
#include <atomic>
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

std::shared_ptr<File> HandleCache::find(const Key& key) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front().file;
}

std::shared_ptr<File> HandleCache::insert(const Key& key, std::shared_ptr<File> file) {
    std::shared_ptr<File> evicted;  // closed after the lock is let go
    const std::lock_guard lock(mutex_);
    if (const auto found = index_.find(key); found != index_.end()) return found->second->file;
    if (entries_.size() >= limit_ && !entries_.empty()) {
        evicted = std::move(entries_.back().file);
        index_.erase(entries_.back().key);
        entries_.pop_back();
    }
    entries_.push_front({key, file});
    index_.emplace(key, entries_.begin());
    return file;
}

void HandleCache::erase(const Key& key) {
    std::shared_ptr<File> closing;
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    closing = std::move(found->second->file);
    entries_.erase(found->second);
    index_.erase(found);
}

void HandleCache::erase_all(std::uint64_t owner) {
    std::list<Entry> closing;
    const std::lock_guard lock(mutex_);
    for (auto at = entries_.begin(); at != entries_.end();) {
        const auto next = std::next(at);
        if (at->key.owner == owner) {
            index_.erase(at->key);
            closing.splice(closing.begin(), entries_, at);
        }
        at = next;
    }
}

std::size_t HandleCache::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

}  // namespace shoal::disk
