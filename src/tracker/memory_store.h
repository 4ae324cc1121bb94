// Swarms in the tracker's own memory.
#pragma once
#include <unordered_map>
#include <vector>

#include "tracker/peer_table.h"
#include "tracker/swarm_store.h"

namespace shoal::tracker {

struct MemoryLimits {
    std::size_t swarms = 200'000;
    std::size_t peers = 2'000'000;  ///< in all swarms; about 60 bytes each
};

class MemoryStore final : public SwarmStore {
  public:
    /// A peer is forgotten when it has not announced for `lifetime`.
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
    /// What no swarm has.
    static constexpr SwarmCounts untold{UINT32_MAX, UINT32_MAX, UINT32_MAX};

    struct Swarm {
        InfoHash info_hash;
        Realm realm = Realm::open;
        PeerTable<4> v4;
        PeerTable<16> v6;
        std::uint32_t downloaded = 0;
        std::uint32_t touched = 0;  ///< the last announce, in ticks
        std::uint32_t swept = 0;    ///< when its expired peers were removed last, in ticks
        SwarmCounts told = untold;  ///< by changes()

        [[nodiscard]] bool empty() const { return v4.size() + v6.size() == 0; }
        [[nodiscard]] std::size_t seeds() const { return v4.seeds() + v6.seeds(); }
        [[nodiscard]] SwarmCounts counts() const;
    };
    struct KeyedHash {
        HashSecret secret;
        std::size_t operator()(const InfoHash& hash) const { return secret.mix(hash.view()); }
    };

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
    void clear(Swarm& swarm);
    [[nodiscard]] Result<Swarm*> swarm_for(const PeerUpdate& update, std::uint32_t now);
    template <std::size_t N>
    Result<std::optional<std::size_t>> record(Swarm& swarm, PeerTable<N>& table,
                                              const PeerUpdate& update, std::uint32_t now);
    template <class Peer>
    void count_traffic(Peer& peer, const PeerUpdate& update, bool is_new);
    void sample(const Swarm& swarm, const PeerUpdate& update, std::optional<std::size_t> asker,
                PeerSample& sample);
    template <std::size_t N>
    void sweep(PeerTable<N>& table, std::uint32_t now);
    void sweep(Swarm& swarm, std::uint32_t now);
    void erase(std::size_t at);

    TimePoint epoch_;
    std::uint32_t lifetime_;  ///< in ticks
    MemoryLimits limits_;
    Random random_;
    HashSecret secret_;
    std::vector<Swarm> swarms_;
    std::unordered_map<InfoHash, std::size_t, KeyedHash> index_;  ///< into swarms_
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
