// Swarms in the tracker's own memory.
#pragma once
#include <vector>

#include "tracker/peer_table.h"
#include "tracker/swarm_store.h"
#include "tracker/swarm_table.h"

namespace shoal::tracker {

struct MemoryLimits {
    std::size_t swarms = 200'000;
    std::size_t peers = 2'000'000;  ///< in all swarms; some 12 to 35 bytes each
};

/// No call takes longer the more swarms and peers there are, but for those that say so: what grows
/// does so a little at a time, and what expires is looked for a part at a time.
class MemoryStore final : public SwarmStore {
  public:
    /// A peer is forgotten when it has not announced for `lifetime`, of four days at most.
    MemoryStore(Duration lifetime, MemoryLimits limits, std::uint64_t seed);

    Result<SwarmCounts> announce(const PeerUpdate& update, TimePoint now,
                                 PeerSample& sample) override;
    std::optional<SwarmCounts> scrape(const InfoHash& info_hash, TimePoint now) override;
    [[nodiscard]] std::vector<SwarmEntry> list(const std::optional<InfoHash>& after,
                                               std::size_t limit) const override;
    void watch(bool on) override;
    SwarmChanges changes(std::size_t limit) override;
    void expire(TimePoint now) override;
    void set_lifetime(Duration lifetime) override;
    [[nodiscard]] Size size() const override {
        return {swarms_.size(), peers(), peers_v6_, seeds_};
    }
    [[nodiscard]] Traffic traffic() const override { return traffic_; }

  private:
    static constexpr std::size_t few_peers = 10'000;

    [[nodiscard]] std::size_t peers() const { return peers_v4_ + peers_v6_; }
    /// How many peers have addresses of N bytes.
    template <std::size_t N>
    std::size_t& count() {
        return N == 4 ? peers_v4_ : peers_v6_;
    }
    [[nodiscard]] std::uint32_t ticks(TimePoint now) const;
    /// Whether another swarm, or another peer, has a place.
    [[nodiscard]] bool has_room(std::size_t taken, std::size_t limit, Realm realm) const {
        return taken < (realm == Realm::others ? limit / 2 : limit);
    }
    /// Whether the ids of its peers are kept: of all while there are few, afterwards where somebody
    /// has asked for them.
    [[nodiscard]] bool keeps_ids(const Swarm& swarm) const {
        return swarm.keeps_ids || peers() <= few_peers;
    }
    void clear(Swarm& swarm);
    [[nodiscard]] Result<Swarm*> swarm_for(const PeerUpdate& update, std::uint32_t now);
    template <std::size_t N>
    using Place = typename PeerTable<N>::Place;
    template <std::size_t N>
    Result<std::optional<Place<N>>> record(Swarm& swarm, PeerTable<N>& table,
                                           const PeerUpdate& update, std::uint32_t now);
    template <std::size_t N>
    void count_traffic(PeerTable<N>& table, Place<N> at, const PeerUpdate& update);
    void sample(const Swarm& swarm, const PeerUpdate& update, std::optional<Place<4>> asker_v4,
                std::optional<Place<16>> asker_v6, PeerSample& sample);
    template <std::size_t N>
    void sweep_page(const Swarm& swarm, PeerTable<N>& table, std::size_t page, std::uint32_t now);
    void sweep(Swarm& swarm, std::uint32_t now, std::size_t most);
    void erase(std::size_t at);

    TimePoint epoch_;
    std::uint32_t lifetime_;  ///< in ticks
    MemoryLimits limits_;
    Random random_;
    HashSecret secret_;
    SwarmTable swarms_;
    std::size_t peers_v4_ = 0;
    std::size_t peers_v6_ = 0;
    std::size_t seeds_ = 0;
    Traffic traffic_;
    std::size_t cursor_ = 0;  ///< the swarm that expire() looks at next
    bool watched_ = false;
    std::size_t told_cursor_ = 0;  ///< the swarm that changes() looks at next
    std::vector<InfoHash> gone_;   ///< while it is watched, and not told yet
    bool lost_gone_ = false;       ///< there were too many to keep
};

}  // namespace shoal::tracker
