#include "tracker/memory_store.h"

#include <algorithm>
#include <utility>

namespace shoal::tracker {
namespace {

/// The unit in which times of peers are kept, so that they take four bytes.
constexpr Duration tick = 100ms;
/// A swarm that is asked for is swept at most this often.
constexpr std::uint32_t sweep_ticks = 5;
/// expire() looks at every swarm once in about this many calls.
constexpr std::size_t expire_calls = 30;
/// changes() looks at no more swarms in one call; it takes some milliseconds.
constexpr std::size_t most_looked_at = 50'000;
/// So many that have gone are kept until they are told.
constexpr std::size_t most_gone = 10'000;

template <std::size_t N>
typename PeerTable<N>::Key key_of(const net::Address& address, std::uint16_t port) {
    typename PeerTable<N>::Key key;
    const auto copy = [&](const auto& bytes) {
        for (std::size_t i = 0; i < N; ++i) key[i] = static_cast<std::byte>(bytes[i]);
    };
    if constexpr (N == 4) {
        copy(address.to_v4().to_bytes());
    } else {
        copy(address.to_v6().to_bytes());
    }
    store_big_endian(port, MutableBytes(key).subspan(N));
    return key;
}

/// What a peer's number of bytes, of which it keeps the lowest bits, has grown by; nothing when it
/// has begun anew.
std::uint64_t growth(std::uint32_t before, std::uint32_t after) {
    const auto grown = static_cast<std::int32_t>(after - before);
    return grown > 0 ? static_cast<std::uint64_t>(grown) * 1024 : 0;
}

}  // namespace

SwarmCounts MemoryStore::Swarm::counts() const {
    return {static_cast<std::uint32_t>(seeds()),
            static_cast<std::uint32_t>(v4.leechers() + v6.leechers()), downloaded};
}

MemoryStore::MemoryStore(Duration lifetime, MemoryLimits limits, std::uint64_t seed)
    : epoch_(Clock::now()),
      lifetime_(static_cast<std::uint32_t>(lifetime / tick)),
      limits_(limits),
      random_(seed) {}

void MemoryStore::set_lifetime(Duration lifetime) {
    lifetime_ = static_cast<std::uint32_t>(lifetime / tick);
}

void MemoryStore::clear(Swarm& swarm) {
    peers_v4_ -= swarm.v4.size();
    peers_v6_ -= swarm.v6.size();
    seeds_ -= swarm.seeds();
    swarm.v4 = {};
    swarm.v6 = {};
    swarm.downloaded = 0;
}

std::uint32_t MemoryStore::ticks(TimePoint now) const {
    return now <= epoch_ ? 0 : static_cast<std::uint32_t>((now - epoch_) / tick);
}

Result<MemoryStore::Swarm*> MemoryStore::swarm_for(const PeerUpdate& update, std::uint32_t now) {
    if (const auto found = index_.find(update.info_hash); found != index_.end()) {
        Swarm& swarm = swarms_[found->second];
        if (now - swarm.swept >= sweep_ticks) sweep(swarm, now);
        if (swarm.realm != update.realm) {
            clear(swarm);
            swarm.realm = update.realm;
        }
        return &swarm;
    }
    if (update.event == Event::stopped) return nullptr;
    if (!has_room(swarms_.size(), limits_.swarms, update.realm) ||
        !has_room(peers(), limits_.peers, update.realm)) {
        return fail(ErrorCode::refused, "the tracker is full, try later");
    }
    index_.emplace(update.info_hash, swarms_.size());
    swarms_.push_back(
        {.info_hash = update.info_hash, .realm = update.realm, .v4 = {}, .v6 = {}, .swept = now});
    return &swarms_.back();
}

Result<SwarmCounts> MemoryStore::announce(const PeerUpdate& update, TimePoint time,
                                          PeerSample& picked) {
    picked.clear();
    const std::uint32_t now = ticks(time);
    const auto swarm = swarm_for(update, now);
    if (!swarm) return std::unexpected(swarm.error());
    if (*swarm == nullptr) return SwarmCounts{};
    const std::size_t seeds = (*swarm)->seeds();
    const auto asker = update.address.is_v4() ? record(**swarm, (*swarm)->v4, update, now)
                                              : record(**swarm, (*swarm)->v6, update, now);
    if (!asker) return std::unexpected(asker.error());
    seeds_ += (*swarm)->seeds() - seeds;
    (*swarm)->touched = now;
    if (update.event != Event::stopped) sample(**swarm, update, *asker, picked);
    return (*swarm)->counts();
}

/// Brings one peer up to date and returns its index, or nothing when it is gone.
template <std::size_t N>
Result<std::optional<std::size_t>> MemoryStore::record(Swarm& swarm, PeerTable<N>& table,
                                                       const PeerUpdate& update,
                                                       std::uint32_t now) {
    const auto key = key_of<N>(update.address, update.port);
    std::optional<std::size_t> at = table.find(key, secret_);
    if (update.event == Event::stopped) {
        if (at) {
            count_traffic(table[*at], update, false);
            table.remove(*at, secret_);
            --count<N>();
        }
        return std::nullopt;
    }
    const bool is_new = !at;
    if (at) {
        at = table.set_seed(*at, update.seed, secret_);
    } else {
        if (!has_room(peers(), limits_.peers, update.realm)) {
            return fail(ErrorCode::refused, "the tracker is full, try later");
        }
        at = table.add(key, update.seed, secret_);
        ++count<N>();
    }
    auto& peer = table[*at];
    peer.seen = now;
    peer.paused = update.event == Event::paused;
    count_traffic(peer, update, is_new);
    table.id(*at) = update.peer_id;
    if (update.event == Event::completed && update.seed && !peer.completed) {
        peer.completed = true;
        ++swarm.downloaded;
    }
    return at;
}

/// What was transferred before the tracker knew of the peer is not counted.
template <class Peer>
void MemoryStore::count_traffic(Peer& peer, const PeerUpdate& update, bool is_new) {
    const auto uploaded = static_cast<std::uint32_t>(update.uploaded / 1024);
    const auto downloaded = static_cast<std::uint32_t>(update.downloaded / 1024);
    if (!is_new && update.event != Event::started) {
        traffic_.uploaded += growth(peer.uploaded, uploaded);
        traffic_.downloaded += growth(peer.downloaded, downloaded);
    }
    peer.uploaded = uploaded;
    peer.downloaded = downloaded;
}

/// Peers of the asker's own family come first, because it can surely reach them; a quarter is kept
/// for the other family, which it may reach, too.
void MemoryStore::sample(const Swarm& swarm, const PeerUpdate& update,
                         std::optional<std::size_t> asker, PeerSample& picked) {
    // The first announce of a magnet link may say that nothing is left (aria2's does).
    const bool seeding = update.seed && update.event != Event::started;
    const bool wants_no_data = seeding || update.event == Event::paused;
    const std::size_t range4 = wants_no_data ? swarm.v4.leechers() : swarm.v4.size();
    const std::size_t range6 = wants_no_data ? swarm.v6.leechers() : swarm.v6.size();
    const bool v4 = update.address.is_v4();
    const std::size_t own = v4 ? range4 : range6;
    const std::size_t other = v4 ? range6 : range4;
    const std::size_t wanted = update.numwant;
    const std::size_t from_other =
        std::min(other, std::max(wanted / 4, wanted - std::min(wanted, own)));
    const std::size_t from_own = wanted - from_other;
    auto* ids = picked.want_ids ? &picked.ids : nullptr;
    swarm.v4.draw(v4 ? from_own : from_other, range4, v4 ? asker : std::nullopt, random_, picked.v4,
                  ids);
    swarm.v6.draw(v4 ? from_other : from_own, range6, v4 ? std::nullopt : asker, random_, picked.v6,
                  ids);
}

std::optional<SwarmCounts> MemoryStore::scrape(const InfoHash& info_hash, TimePoint now) {
    const auto found = index_.find(info_hash);
    if (found == index_.end()) return std::nullopt;
    Swarm& swarm = swarms_[found->second];
    if (ticks(now) - swarm.swept >= sweep_ticks) sweep(swarm, ticks(now));
    return swarm.counts();
}

std::vector<SwarmEntry> MemoryStore::list(const std::optional<InfoHash>& after,
                                          std::size_t limit) const {
    // The smallest so far, the largest of them in front.
    std::vector<const Swarm*> first;
    if (limit == 0) return {};
    const auto by_hash = [](const Swarm* a, const Swarm* b) { return a->info_hash < b->info_hash; };
    for (const Swarm& swarm : swarms_) {
        if (after && swarm.info_hash <= *after) continue;
        if (first.size() == limit && !by_hash(&swarm, first.front())) continue;
        first.push_back(&swarm);
        std::ranges::push_heap(first, by_hash);
        if (first.size() <= limit) continue;
        std::ranges::pop_heap(first, by_hash);
        first.pop_back();
    }
    std::ranges::sort_heap(first, by_hash);
    std::vector<SwarmEntry> entries;
    entries.reserve(first.size());
    for (const Swarm* swarm : first) entries.push_back({swarm->info_hash, swarm->counts()});
    return entries;
}

template <std::size_t N>
void MemoryStore::sweep(PeerTable<N>& table, std::uint32_t now) {
    // From behind, because removing fills a gap with peers from behind it.
    for (std::size_t i = table.size(); i-- > 0;) {
        if (now - table[i].seen < lifetime_) continue;
        table.remove(i, secret_);
        --count<N>();
    }
}

void MemoryStore::sweep(Swarm& swarm, std::uint32_t now) {
    const std::size_t seeds = swarm.seeds();
    swarm.swept = now;
    sweep(swarm.v4, now);
    sweep(swarm.v6, now);
    seeds_ -= seeds - swarm.seeds();
}

void MemoryStore::expire(TimePoint time) {
    const std::uint32_t now = ticks(time);
    const std::size_t share = swarms_.size() / expire_calls + 64;
    for (std::size_t i = 0; i < share && !swarms_.empty(); ++i) {
        if (cursor_ >= swarms_.size()) cursor_ = 0;
        Swarm& swarm = swarms_[cursor_];
        sweep(swarm, now);
        // An empty swarm is kept for a while for the sake of its number of completions.
        if (swarm.empty() && now - swarm.touched >= lifetime_) {
            erase(cursor_);
        } else {
            ++cursor_;
        }
    }
}

void MemoryStore::watch(bool on) {
    watched_ = on;
    gone_ = {};
    lost_gone_ = false;
    if (!on) return;
    for (Swarm& swarm : swarms_) swarm.told = swarm.counts();
}

SwarmChanges MemoryStore::changes(std::size_t limit) {
    SwarmChanges changes;
    changes.complete = !std::exchange(lost_gone_, false);
    const std::size_t share = std::min(swarms_.size(), most_looked_at);
    for (std::size_t i = 0; i < share && changes.changed.size() < limit; ++i) {
        if (told_cursor_ >= swarms_.size()) told_cursor_ = 0;
        Swarm& swarm = swarms_[told_cursor_++];
        const SwarmCounts counts = swarm.counts();
        if (counts == swarm.told) continue;
        swarm.told = counts;
        changes.changed.push_back({swarm.info_hash, counts});
    }
    while (!gone_.empty() && changes.gone.size() < limit) {
        // One that has come back meanwhile is not gone.
        if (!index_.contains(gone_.back())) changes.gone.push_back(gone_.back());
        gone_.pop_back();
    }
    return changes;
}

void MemoryStore::erase(std::size_t at) {
    if (watched_ && gone_.size() < most_gone) {
        gone_.push_back(swarms_[at].info_hash);
    } else {
        lost_gone_ = watched_;
    }
    index_.erase(swarms_[at].info_hash);
    if (at + 1 != swarms_.size()) {
        swarms_[at] = std::move(swarms_.back());
        index_[swarms_[at].info_hash] = at;
    }
    swarms_.pop_back();
}

}  // namespace shoal::tracker
