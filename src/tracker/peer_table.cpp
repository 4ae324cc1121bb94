#include "tracker/peer_table.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace shoal::tracker {
namespace {

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::uint64_t HashSecret::mix(Bytes bytes) const {
    std::uint64_t value = first;
    while (!bytes.empty()) {
        const std::size_t part = std::min<std::size_t>(bytes.size(), 8);
        std::uint64_t word = 0;
        std::copy_n(bytes.begin(), part, std::as_writable_bytes(std::span(&word, 1)).begin());
        value = fold(value ^ word, second) + first;
        bytes = bytes.subspan(part);
    }
    return value ^ value >> 32;
}

template <std::size_t N>
std::size_t PeerTable<N>::home(const Key& key, const HashSecret& secret) const {
    return secret.mix(key) & (slots_.size() - 1);
}

/// The slot that holds the key, or the empty one where the search for it ends.
template <std::size_t N>
std::size_t PeerTable<N>::slot_of(const Key& key, const HashSecret& secret) const {
    std::size_t slot = home(key, secret);
    while (slots_[slot] != 0 && peers_[slots_[slot] - 1].key != key) {
        slot = (slot + 1) & (slots_.size() - 1);
    }
    return slot;
}

template <std::size_t N>
std::optional<std::size_t> PeerTable<N>::find(const Key& key, const HashSecret& secret) const {
    if (slots_.empty()) {
        for (std::size_t i = 0; i < peers_.size(); ++i) {
            if (peers_[i].key == key) return i;
        }
        return std::nullopt;
    }
    const std::uint32_t entry = slots_[slot_of(key, secret)];
    if (entry == 0) return std::nullopt;
    return entry - 1;
}

template <std::size_t N>
std::size_t PeerTable<N>::add(const Key& key, bool seed, const HashSecret& secret) {
    assert(!find(key, secret));
    peers_.push_back({.key = key});
    ids_.emplace_back();
    const std::size_t at = peers_.size() - 1;
    if (peers_.size() >= indexed_from && peers_.size() * 2 > slots_.size()) {
        rebuild(secret);
    } else if (!slots_.empty()) {
        slots_[slot_of(key, secret)] = static_cast<std::uint32_t>(at + 1);
    }
    return seed ? at : set_seed(at, false, secret);
}

template <std::size_t N>
void PeerTable<N>::remove(std::size_t at, const HashSecret& secret) {
    if (at < leechers_) at = set_seed(at, true, secret);
    swap(at, peers_.size() - 1, secret);
    if (!slots_.empty()) drop_slot(slot_of(peers_.back().key, secret), secret);
    peers_.pop_back();
    ids_.pop_back();
    if (peers_.size() * 8 < peers_.capacity()) {
        peers_.shrink_to_fit();
        ids_.shrink_to_fit();
        rebuild(secret);
    }
}

template <std::size_t N>
std::size_t PeerTable<N>::set_seed(std::size_t at, bool seed, const HashSecret& secret) {
    if (seed == is_seed(at)) return at;
    // The peer changes places with the one at the border, and the border moves over it.
    const std::size_t border = seed ? leechers_ - 1 : leechers_;
    swap(at, border, secret);
    leechers_ = seed ? leechers_ - 1 : leechers_ + 1;
    return border;
}

template <std::size_t N>
void PeerTable<N>::swap(std::size_t a, std::size_t b, const HashSecret& secret) {
    if (a == b) return;
    if (!slots_.empty()) {
        const std::size_t slot_a = slot_of(peers_[a].key, secret);
        const std::size_t slot_b = slot_of(peers_[b].key, secret);
        std::swap(slots_[slot_a], slots_[slot_b]);
    }
    std::swap(peers_[a], peers_[b]);
    std::swap(ids_[a], ids_[b]);
}

template <std::size_t N>
void PeerTable<N>::rebuild(const HashSecret& secret) {
    slots_.clear();
    if (peers_.size() < indexed_from) {
        slots_.shrink_to_fit();
        return;
    }
    slots_.resize(std::bit_ceil(peers_.size() * 3));
    slots_.shrink_to_fit();
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        slots_[slot_of(peers_[i].key, secret)] = static_cast<std::uint32_t>(i + 1);
    }
}

/// Empties a slot and moves up what would no longer be found behind the gap.
template <std::size_t N>
void PeerTable<N>::drop_slot(std::size_t gap, const HashSecret& secret) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t slot = (gap + 1) & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
        const std::size_t from_home = (slot - home(peers_[slots_[slot] - 1].key, secret)) & mask;
        if (from_home < ((slot - gap) & mask)) continue;
        slots_[gap] = slots_[slot];
        gap = slot;
    }
    slots_[gap] = 0;
}

template <std::size_t N>
void PeerTable<N>::draw(std::size_t wanted, std::size_t range, std::optional<std::size_t> skip,
                        Random& random, std::string& keys, std::vector<Digest<20>>* ids) const {
    const bool skips = skip && *skip < range;
    const std::size_t available = range - (skips ? 1 : 0);
    const std::size_t count = std::min(wanted, available);
    if (count == 0) return;
    // One peer is drawn out of each of `count` equal stretches of a circle that begins anywhere:
    // nobody twice, without remembering who was drawn.
    const std::size_t turn = random.below(available);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t begin = i * available / count;
        const std::size_t end = (i + 1) * available / count;
        std::size_t at = (begin + random.below(end - begin) + turn) % available;
        if (skips && at >= *skip) ++at;
        keys += text_of(peers_[at].key);
        if (ids != nullptr) ids->push_back(ids_[at]);
    }
}

template class PeerTable<4>;
template class PeerTable<16>;

}  // namespace shoal::tracker
