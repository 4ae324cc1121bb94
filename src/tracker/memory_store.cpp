#include "tracker/memory_store.h"

#include <algorithm>
#include <utility>

namespace shoal::tracker {
namespace {

/// The unit in which times of peers are kept, so that they take few bits.
constexpr Duration tick = 100ms;
constexpr std::uint32_t wrap_of_seen = 1u << PeerNotes::seen_bits;
/// Longer lifetimes would come close to the wrap, which is after nine days; what is in use is two
/// days at most.
constexpr std::uint32_t longest_lifetime = wrap_of_seen / 2;
/// A swarm that is asked for is swept at most this often.
constexpr std::uint32_t sweep_ticks = 5;
/// How many pages of a swarm that is asked for are swept at once, each of a hundred peers or so.
constexpr std::size_t swept_pages = 8;
/// expire() looks at every swarm once in about this many calls, ...
constexpr std::size_t expire_calls = 30;
/// ... of which none takes longer than this.
constexpr Duration expire_time = 1ms;
/// So many pages are swept at once, and so often between two looks at the clock.
constexpr std::size_t expire_pages = 8;
constexpr std::size_t expire_looks = 2;
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

std::uint32_t lifetime_ticks(Duration lifetime) {
    return static_cast<std::uint32_t>(
        std::min(lifetime / tick, static_cast<Duration::rep>(longest_lifetime)));
}

bool is_expired(const PeerNotes& notes, std::uint32_t now, std::uint32_t lifetime) {
    const std::uint32_t seen = notes.seen;
    return ((now - seen) & (wrap_of_seen - 1)) >= lifetime;
}

}  // namespace

MemoryStore::MemoryStore(Duration lifetime, MemoryLimits limits, std::uint64_t seed)
    : epoch_(Clock::now()), lifetime_(lifetime_ticks(lifetime)), limits_(limits), random_(seed) {}

void MemoryStore::set_lifetime(Duration lifetime) {
    lifetime_ = lifetime_ticks(lifetime);
}

void MemoryStore::clear(Swarm& swarm) {
    peers_v4_ -= swarm.v4.size();
    peers_v6_ -= swarm.v6 ? swarm.v6->size() : 0;
    seeds_ -= swarm.seeds();
    swarm.v4 = {};
    swarm.v6.reset();
    swarm.sweep_page = 0;
    swarm.downloaded = 0;
}

std::uint32_t MemoryStore::ticks(TimePoint now) const {
    return now <= epoch_ ? 0 : static_cast<std::uint32_t>((now - epoch_) / tick);
}

Result<Swarm*> MemoryStore::swarm_for(const PeerUpdate& update, std::uint32_t now) {
    if (Swarm* found = swarms_.find(update.info_hash)) {
        if (now - found->swept >= sweep_ticks) sweep(*found, now, swept_pages);
        if (found->realm != update.realm) {
            clear(*found);
            found->realm = update.realm;
        }
        return found;
    }
    if (update.event == Event::stopped) return nullptr;
    if (!has_room(swarms_.size(), limits_.swarms, update.realm) ||
        !has_room(peers(), limits_.peers, update.realm)) {
        return fail(ErrorCode::refused, "the tracker is full, try later");
    }
    Swarm& added = swarms_.add(update.info_hash);
    added.realm = update.realm;
    added.swept = now;
    return &added;
}

Result<SwarmCounts> MemoryStore::announce(const PeerUpdate& update, TimePoint time,
                                          PeerSample& picked) {
    picked.clear();
    const std::uint32_t now = ticks(time);
    const auto found = swarm_for(update, now);
    if (!found) return std::unexpected(found.error());
    if (*found == nullptr) return SwarmCounts{};
    Swarm& swarm = **found;
    if (picked.want_ids) swarm.keeps_ids = true;
    const std::size_t seeds = swarm.seeds();
    std::optional<Place<4>> asker_v4;
    std::optional<Place<16>> asker_v6;
    if (update.address.is_v4()) {
        const auto recorded = record(swarm, swarm.v4, update, now);
        if (!recorded) return std::unexpected(recorded.error());
        asker_v4 = *recorded;
    } else {
        if (!swarm.v6) swarm.v6 = std::make_unique<PeerTable<16>>();
        const auto recorded = record(swarm, *swarm.v6, update, now);
        if (!recorded) return std::unexpected(recorded.error());
        asker_v6 = *recorded;
    }
    seeds_ += swarm.seeds() - seeds;
    swarm.touched = now;
    if (update.event != Event::stopped) sample(swarm, update, asker_v4, asker_v6, picked);
    return swarm.counts();
}

/// Brings one peer up to date and returns its place, or nothing when it is gone.
template <std::size_t N>
Result<std::optional<MemoryStore::Place<N>>> MemoryStore::record(Swarm& swarm, PeerTable<N>& table,
                                                                 const PeerUpdate& update,
                                                                 std::uint32_t now) {
    const auto key = key_of<N>(update.address, update.port);
    auto at = table.find(key, secret_);
    if (update.event == Event::stopped) {
        if (at) {
            count_traffic(table, *at, update);
            table.remove(*at);
            --count<N>();
        }
        return std::nullopt;
    }
    if (at) {
        at = table.set_seed(*at, update.seed);
    } else {
        if (!has_room(peers(), limits_.peers, update.realm)) {
            return fail(ErrorCode::refused, "the tracker is full, try later");
        }
        at = table.add(key, update.seed, secret_);
        ++count<N>();
    }
    PeerNotes notes = table.notes(*at);
    notes.seen = now % wrap_of_seen;
    if (update.event == Event::completed && update.seed && notes.completed == 0) {
        notes.completed = 1;
        ++swarm.downloaded;
    }
    table.set_notes(*at, notes);
    count_traffic(table, *at, update);
    if (keeps_ids(swarm)) table.set_id(*at, update.peer_id);
    return at;
}

/// What was transferred before the tracker knew of the peer is not counted.
template <std::size_t N>
void MemoryStore::count_traffic(PeerTable<N>& table, Place<N> at, const PeerUpdate& update) {
    const std::size_t weight = table.weight(at);
    if (weight == 0) return;
    const PeerAmounts now{.uploaded = static_cast<std::uint32_t>(update.uploaded / 1024),
                          .downloaded = static_cast<std::uint32_t>(update.downloaded / 1024)};
    const PeerAmounts before = table.amounts(at);
    if (before != PeerAmounts{} && update.event != Event::started) {
        traffic_.uploaded += weight * growth(before.uploaded, now.uploaded);
        traffic_.downloaded += weight * growth(before.downloaded, now.downloaded);
    }
    table.set_amounts(at, now);
}

/// Peers of the asker's own family come first, because it can surely reach them; a quarter is kept
/// for the other family, which it may reach, too.
void MemoryStore::sample(const Swarm& swarm, const PeerUpdate& update,
                         std::optional<Place<4>> asker_v4, std::optional<Place<16>> asker_v6,
                         PeerSample& picked) {
    // The first announce of a magnet link may say that nothing is left (aria2's does).
    const bool seeding = update.seed && update.event != Event::started;
    const bool wants_no_data = seeding || update.event == Event::paused;
    const auto count = [&](const auto& table) {
        return wants_no_data ? table.leechers() : table.size();
    };
    const std::size_t range4 = count(swarm.v4);
    const std::size_t range6 = swarm.v6 ? count(*swarm.v6) : 0;
    const bool v4 = update.address.is_v4();
    const std::size_t own = v4 ? range4 : range6;
    const std::size_t other = v4 ? range6 : range4;
    const std::size_t wanted = update.numwant;
    const std::size_t from_other =
        std::min(other, std::max(wanted / 4, wanted - std::min(wanted, own)));
    const std::size_t from_own = wanted - from_other;
    auto* ids = picked.want_ids ? &picked.ids : nullptr;
    using Range4 = PeerTable<4>::Range;
    using Range6 = PeerTable<16>::Range;
    swarm.v4.draw(v4 ? from_own : from_other, wants_no_data ? Range4::leechers : Range4::all,
                  asker_v4, random_, picked.v4, ids);
    if (!swarm.v6) return;
    swarm.v6->draw(v4 ? from_other : from_own, wants_no_data ? Range6::leechers : Range6::all,
                   asker_v6, random_, picked.v6, ids);
}

std::optional<SwarmCounts> MemoryStore::scrape(const InfoHash& info_hash, TimePoint time) {
    Swarm* swarm = swarms_.find(info_hash);
    if (swarm == nullptr) return std::nullopt;
    const std::uint32_t now = ticks(time);
    if (now - swarm->swept >= sweep_ticks) sweep(*swarm, now, swept_pages);
    return swarm->counts();
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
void MemoryStore::sweep_page(const Swarm& swarm, PeerTable<N>& table, std::size_t page,
                             std::uint32_t now) {
    const auto expired = [&](const PeerNotes& notes) { return is_expired(notes, now, lifetime_); };
    count<N>() -= table.sweep(page, expired);
    table.trim(page, keeps_ids(swarm));
}

/// Looks at so many pages at most, each in its turn. A page that is given up meanwhile may leave
/// its peers to one that has had its turn: they are seen to in the next round.
void MemoryStore::sweep(Swarm& swarm, std::uint32_t now, std::size_t most) {
    const std::size_t seeds = swarm.seeds();
    const std::size_t pages_v4 = swarm.v4.pages();
    const std::size_t pages = swarm.pages();
    if (swarm.sweep_page >= pages) swarm.sweep_page = 0;
    const std::size_t end = std::min(swarm.sweep_page + most, pages);
    for (; swarm.sweep_page < end; ++swarm.sweep_page) {
        if (swarm.sweep_page < pages_v4) {
            sweep_page(swarm, swarm.v4, swarm.sweep_page, now);
        } else {
            sweep_page(swarm, *swarm.v6, swarm.sweep_page - pages_v4, now);
        }
    }
    seeds_ -= seeds - swarm.seeds();
    if (swarm.sweep_page == pages) {
        swarm.swept = now;
        swarm.sweep_page = 0;
    }
    swarm.v4.settle(most);
    if (swarm.v6) swarm.v6->settle(most);
}

void MemoryStore::expire(TimePoint time) {
    const std::uint32_t now = ticks(time);
    const TimePoint end = Clock::now() + expire_time;
    std::size_t pages = (swarms_.size() + peers() / 64) / expire_calls + 64;
    for (std::size_t looks = 1; pages > 0 && swarms_.size() > 0; ++looks) {
        if (looks % expire_looks == 0 && Clock::now() >= end) return;
        if (cursor_ >= swarms_.size()) cursor_ = 0;
        Swarm& swarm = swarms_[cursor_];
        pages -= std::min({pages, expire_pages, swarm.pages()});
        sweep(swarm, now, expire_pages);
        if (swarm.sweep_page != 0) continue;  // there is more of it to look at
        // An empty swarm is kept for a while for the sake of its number of completions.
        if (swarm.size() == 0 && now - swarm.touched >= lifetime_) {
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
        if (swarms_.find(gone_.back()) == nullptr) changes.gone.push_back(gone_.back());
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
    swarms_.erase(at);
}

}  // namespace shoal::tracker
