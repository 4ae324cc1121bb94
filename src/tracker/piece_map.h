// Who has which piece: for every swarm, the pieces of each peer as it reported them itself or as
// they were seen at it.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <roaring/roaring.hh>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "net/endpoint.h"

namespace shoal::tracker {

/// Pieces from `first` to `last`, both included.
struct PieceRange {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    bool operator==(const PieceRange&) const = default;
};

/// What has changed at a peer in one torrent.
struct PieceChange {
    InfoHash info_hash;
    std::vector<PieceRange> gained;
    std::vector<PieceRange> lost;
    bool gone = false;  ///< the peer has left the torrent; the rest is ignored
};

/// A peer's report of itself. Reports are numbered, so that a change that was lost on the way
/// shows.
struct PieceReport {
    std::uint64_t number = 0;
    bool whole = false;  ///< all that the peer has; forgets what was known of it before
    std::vector<PieceChange> changes;
};

struct HolderPieces {
    net::TcpEndpoint peer;
    std::uint32_t count = 0;
    std::vector<PieceRange> pieces;
};

/// A swarm as a user is shown it.
struct SwarmPieces {
    std::uint32_t piece_count = 0;
    std::vector<HolderPieces> holders;   ///< by address
    std::vector<PieceRange> held_once;   ///< lost with one more peer
    std::vector<PieceRange> held_never;  ///< cannot be downloaded now
};

/// Does no I/O. Not thread-safe. Peers are known by the address at which they take connections.
class PieceMap {
  public:
    /// How many pairs of peer and torrent are kept in all; some hundred bytes each.
    explicit PieceMap(std::size_t most_holdings = 1'000'000) : most_holdings_(most_holdings) {}

    /// A torrent that may be reported. Naming it again changes nothing.
    void add_torrent(const InfoHash& info_hash, std::uint32_t piece_count);
    void remove_torrent(const InfoHash& info_hash);
    [[nodiscard]] std::optional<std::uint32_t> piece_count(const InfoHash& info_hash) const;

    /// bad_data: a piece that the torrent does not have. not_found: a torrent that was not added.
    /// refused: it does not follow the last report, or the map is full. Nothing has changed then.
    /// After `refused` the peer has to report the whole.
    Result<void> report(const net::TcpEndpoint& peer, const PieceReport& report);
    /// All pieces of a peer in one torrent, as it was seen to have them. Bits beyond the torrent's
    /// pieces are left out; a torrent that was not added is passed over.
    void observe(const net::TcpEndpoint& peer, const InfoHash& info_hash,
                 std::span<const PieceRange> pieces);

    /// The peer has vanished, or has left one torrent.
    void remove_peer(const net::TcpEndpoint& peer);
    void remove(const net::TcpEndpoint& peer, const InfoHash& info_hash);
    /// Whether the peer reports by itself, so that it need not be asked.
    [[nodiscard]] bool reports(const net::TcpEndpoint& peer) const;

    /// Nothing for a torrent that was not added.
    [[nodiscard]] std::optional<SwarmPieces> swarm(const InfoHash& info_hash) const;
    struct Counts {
        std::uint32_t seeds = 0;    ///< peers with all pieces
        std::uint32_t holders = 0;  ///< peers with any
        bool operator==(const Counts&) const = default;
    };
    /// Zeros for a torrent that was not added.
    [[nodiscard]] Counts counts(const InfoHash& info_hash) const;
    /// A number that grows with every change in a swarm; nothing as above.
    [[nodiscard]] std::optional<std::uint64_t> changes(const InfoHash& info_hash) const;
    struct CountsChange {
        InfoHash info_hash;
        Counts counts;
    };
    /// count_changes() is to tell what changes from now on. Looks at every torrent.
    void watch_counts();
    /// The counts that have changed since then and are not told yet; of at most `limit` torrents,
    /// the rest by later calls. Looks at a part of the torrents at each call, each in its turn.
    [[nodiscard]] std::vector<CountsChange> count_changes(std::size_t limit);
    [[nodiscard]] std::size_t holdings() const { return holdings_; }
    [[nodiscard]] std::size_t torrents() const { return swarms_.size(); }

  private:
    struct Swarm {
        std::uint32_t piece_count = 0;
        std::map<net::TcpEndpoint, Roaring> holders;
        std::uint64_t changes = 0;
        std::uint64_t counted = 0;   ///< `changes` when count_changes() looked last
        std::optional<Counts> told;  ///< by count_changes()
    };
    struct Reporter {
        std::optional<std::uint64_t> last_report;  ///< of one that reports by itself
        std::vector<InfoHash> torrents;            ///< in which it holds something
    };

    [[nodiscard]] Result<void> check(const PieceReport& report) const;
    [[nodiscard]] static Counts counts_of(const Swarm& swarm);
    void apply(const net::TcpEndpoint& peer, const PieceChange& change);
    Roaring& pieces_of(const net::TcpEndpoint& peer, const InfoHash& info_hash, Swarm& swarm);
    void forget_pieces(const net::TcpEndpoint& peer, Reporter& reporter);

    std::size_t most_holdings_;
    std::size_t holdings_ = 0;
    std::unordered_map<InfoHash, Swarm> swarms_;
    std::size_t cursor_ = 0;  ///< the bucket of swarms_ that count_changes() looks at next
    std::map<net::TcpEndpoint, Reporter> peers_;
};

}  // namespace shoal::tracker
