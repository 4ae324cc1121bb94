#include "tracker/swarm_table.h"

#include <bit>
#include <cassert>
#include <utility>

namespace shoal::tracker {

/// With a number of chains that is no power of two, those with the highest numbers are split off
/// from the first ones; the others are not split yet.
std::size_t SwarmTable::chain_of(const InfoHash& info_hash) const {
    const std::size_t slots = std::bit_ceil(chains_.size());
    const std::size_t number = secret_.mix(info_hash.view()) & (slots - 1);
    return number < chains_.size() ? number : number - slots / 2;
}

Swarm* SwarmTable::find(const InfoHash& info_hash) {
    if (chains_.empty()) return nullptr;
    for (std::uint32_t at = chains_[chain_of(info_hash)]; at != none; at = swarms_[at].next) {
        if (swarms_[at].info_hash == info_hash) return &swarms_[at];
    }
    return nullptr;
}

Swarm& SwarmTable::add(const InfoHash& info_hash) {
    assert(find(info_hash) == nullptr);
    chains_.push_back(none);
    if (chains_.size() > 1) {
        // Another chain takes over its share of the one that it is split off from.
        const std::size_t from = chains_.size() - 1 - std::bit_ceil(chains_.size()) / 2;
        std::uint32_t at = std::exchange(chains_[from], none);
        while (at != none) {
            std::uint32_t& first = chains_[chain_of(swarms_[at].info_hash)];
            const std::uint32_t next = std::exchange(swarms_[at].next, first);
            first = std::exchange(at, next);
        }
    }
    std::uint32_t& first = chains_[chain_of(info_hash)];
    Swarm& added = swarms_.emplace_back();
    added.info_hash = info_hash;
    added.next = std::exchange(first, static_cast<std::uint32_t>(swarms_.size() - 1));
    return added;
}

std::uint32_t& SwarmTable::link_to(std::size_t at) {
    std::uint32_t* link = &chains_[chain_of(swarms_[at].info_hash)];
    while (*link != at) link = &swarms_[*link].next;
    return *link;
}

void SwarmTable::erase(std::size_t at) {
    link_to(at) = swarms_[at].next;
    const std::size_t last = swarms_.size() - 1;
    if (at != last) {
        link_to(last) = static_cast<std::uint32_t>(at);
        swarms_[at] = std::move(swarms_[last]);
    }
    swarms_.pop_back();
    // The last chain goes back to where it was split off from.
    const std::size_t ended = chains_.size() - 1;
    std::uint32_t rest = chains_[ended];
    chains_.pop_back();
    while (rest != none) {
        std::uint32_t& first = chains_[chain_of(swarms_[rest].info_hash)];
        const std::uint32_t next = std::exchange(swarms_[rest].next, first);
        first = std::exchange(rest, next);
    }
}

}  // namespace shoal::tracker
