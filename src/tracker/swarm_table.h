// All swarms of a store, found by info hash or in no particular order.
#pragma once
#include <deque>
#include <memory>

#include "tracker/peer_table.h"
#include "tracker/swarm_store.h"

namespace shoal::tracker {

/// One swarm: who is in it, and what the store has to remember of it.
struct Swarm {
    /// What no swarm has.
    static constexpr SwarmCounts untold{UINT32_MAX, UINT32_MAX, UINT32_MAX};

    InfoHash info_hash;
    std::uint32_t next = 0;  ///< SwarmTable's
    Realm realm = Realm::open;
    bool keeps_ids = false;  ///< somebody has asked for its peers' ids
    PeerTable<4> v4;
    std::unique_ptr<PeerTable<16>> v6;  ///< null until somebody comes from there
    std::uint32_t downloaded = 0;
    std::uint32_t touched = 0;     ///< the last announce, in ticks
    std::uint32_t swept = 0;       ///< when all its expired peers were removed last, in ticks
    std::uint32_t sweep_page = 0;  ///< which page is looked at next; those of v6 come after v4's
    SwarmCounts told = untold;     ///< by changes()

    [[nodiscard]] std::size_t size() const { return v4.size() + (v6 ? v6->size() : 0); }
    [[nodiscard]] std::size_t seeds() const { return v4.seeds() + (v6 ? v6->seeds() : 0); }
    [[nodiscard]] std::size_t leechers() const { return v4.leechers() + (v6 ? v6->leechers() : 0); }
    [[nodiscard]] std::size_t pages() const { return v4.pages() + (v6 ? v6->pages() : 0); }
    [[nodiscard]] SwarmCounts counts() const {
        return {static_cast<std::uint32_t>(seeds()), static_cast<std::uint32_t>(leechers()),
                downloaded};
    }
};

/// Grows and shrinks by one chain of swarms at a time (linear hashing), so that no change takes
/// long. Swarms stay where they are but for the last, which takes the place of one that is erased.
/// Not thread-safe.
class SwarmTable {
  public:
    [[nodiscard]] std::size_t size() const { return swarms_.size(); }
    [[nodiscard]] Swarm& operator[](std::size_t at) { return swarms_[at]; }
    [[nodiscard]] auto begin() { return swarms_.begin(); }
    [[nodiscard]] auto end() { return swarms_.end(); }
    [[nodiscard]] auto begin() const { return swarms_.begin(); }
    [[nodiscard]] auto end() const { return swarms_.end(); }

    /// Null when there is none.
    [[nodiscard]] Swarm* find(const InfoHash& info_hash);
    /// The info hash must not be there yet.
    Swarm& add(const InfoHash& info_hash);
    void erase(std::size_t at);

  private:
    /// A chain ends where there is none.
    static constexpr std::uint32_t none = UINT32_MAX;

    [[nodiscard]] std::size_t chain_of(const InfoHash& info_hash) const;
    /// Where it stands that this swarm comes next.
    [[nodiscard]] std::uint32_t& link_to(std::size_t at);

    HashSecret secret_;
    std::deque<Swarm> swarms_;
    std::deque<std::uint32_t> chains_;  ///< the first swarm of each; as many as there are swarms
};

}  // namespace shoal::tracker
