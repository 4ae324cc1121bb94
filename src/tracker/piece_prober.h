// Learns which pieces other people's clients have, by asking them again and again: they report to
// nobody.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "tracker/peer_probe.h"
#include "tracker/piece_map.h"

namespace shoal::tracker {

struct ProberLimits {
    std::size_t at_once = 32;  ///< probes under way
    std::size_t targets =
        20'000;  ///< pairs of client and torrent; beyond it new ones are not asked
    Duration leecher_period = 5s;
    Duration seed_period = 60s;
    int most_failures = 3;  ///< in a row; such a client is asked again once it announces
};

/// Lives on one executor. What it learns goes into the map, which must outlive it.
class PieceProber {
  public:
    PieceProber(boost::asio::any_io_executor executor, PieceMap& map, ProberLimits limits = {});

    /// The address that calls leave from, where the tracker listens on a single one.
    void call_from(std::optional<net::Address> address) { from_ = std::move(address); }

    /// A client announced. One that says that it has everything is believed until it was asked.
    void announced(const net::TcpEndpoint& client, const InfoHash& info_hash, bool seed,
                   TimePoint now);
    /// It left the torrent, or altogether; it is asked no more.
    void left(const net::TcpEndpoint& client, const InfoHash& info_hash);
    void left(const net::TcpEndpoint& client);

    /// Asks those whose turn it is; about once a second.
    void tick(TimePoint now);
    /// Gives up the probes under way and forgets all clients.
    void stop();
    [[nodiscard]] std::size_t targets() const { return targets_.size(); }

  private:
    using Key = std::pair<net::TcpEndpoint, InfoHash>;
    struct Target {
        bool seed = false;
        int failures = 0;
        TimePoint due{};
        std::unique_ptr<PeerProbe> probe;  ///< while one is under way
    };

    void ask(const Key& key, Target& target, std::uint32_t piece_count);
    void answered(const Key& key, const Result<ProbeAnswer>& answer);
    void drop(std::map<Key, Target>::iterator target);

    boost::asio::any_io_executor executor_;
    PieceMap& map_;
    ProberLimits limits_;
    wire::PeerId our_id_;
    std::optional<net::Address> from_;
    std::map<Key, Target> targets_;
    std::size_t under_way_ = 0;
};

}  // namespace shoal::tracker
