// The brain of one torrent: it is told what peers say and what the disk has done, and decides what
// to ask of whom, what to serve to whom, and what to write. It does no I/O and reads no clock.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bitfield.h"
#include "base/error.h"
#include "base/random.h"
#include "base/time.h"
#include "metainfo/layout.h"
#include "swarm/begun_piece.h"
#include "swarm/blame.h"
#include "swarm/choker.h"
#include "swarm/first_copies.h"
#include "swarm/peer.h"
#include "swarm/piece_table.h"
#include "wire/message.h"

namespace shoal::swarm {

/// Memory for pieces that are begun or being verified, shared by the torrents of a session.
struct PieceBudget {
    ByteCount limit = 64 << 20;
    ByteCount used = 0;
    ByteCount unstored =
        0;  ///< of these, in pieces that are whole and not verified and written yet
    /// Beyond it no further piece is begun: a disk that cannot keep up sets the pace.
    ByteCount unstored_limit = 24 << 20;
};

struct Settings {
    bool single_source = false;      ///< fetch from one peer at a time
    std::uint32_t upload_slots = 8;  ///< peers served at once; more on a fast line
};

struct Disconnect {
    PeerKey peer;
    std::string reason;
    bool ban = false;  ///< it broke the protocol or sent false data
};

/// What the owner has to do after a call; everything is taken at once by Torrent::take_outcome().
struct Outcome {
    std::vector<PeerKey> to_flush;     ///< peers with bytes in their outbox
    std::vector<PeerKey> to_upload;    ///< peers for which next_upload() has become non-empty
    std::vector<PieceIndex> to_store;  ///< all blocks received: hash, and write if good
    std::vector<PieceIndex> to_park;   ///< write the blocks received so far, free their memory
    std::vector<Disconnect> disconnects;
    bool finished = false;  ///< the last wanted piece has just been stored
};

struct PeerTraits {
    bool fast = false;
};

/// What a display shows of a peer.
struct PeerStatus {
    double down = 0;  ///< bytes a second
    double up = 0;
    ByteCount downloaded = 0;
    ByteCount uploaded = 0;
    std::size_t pieces = 0;
    std::size_t outstanding = 0;
};

/// Lives on one executor and is touched by it alone. Every call that takes `now` may fill the
/// outcome; times never go backwards.
class Torrent {
  public:
    /// `have`: pieces verified and on disk. The layout and the budget must outlive the torrent.
    Torrent(const metainfo::Layout& layout, const Bitfield& have, const Bitfield& wanted,
            Settings settings, PieceBudget& budget, std::uint64_t seed);
    ~Torrent();
    Torrent(const Torrent&) = delete;
    Torrent& operator=(const Torrent&) = delete;

    // Peers come, speak and go. A key is new on add_peer and unknown after remove_peer.
    void add_peer(PeerKey key, PeerTraits traits, TimePoint now);
    void remove_peer(PeerKey key, TimePoint now);
    /// Takes every message but the extended ones. bad_data: the peer broke the protocol and is to
    /// be disconnected.
    Result<void> receive(PeerKey key, const wire::Message& message, TimePoint now);
    /// The peer wants no data any more, or wants some again (BEP 21).
    void set_upload_only(PeerKey key, bool upload_only);
    /// The requests that the peer says it keeps (BEP 10, reqq).
    void set_request_limit(PeerKey key, std::uint32_t requests);

    // Data from peers. begin_block() says whether the bytes are wanted; if so they are to be put
    // into the piece's memory, and end_block() told once they are there. Unwanted ones, and those
    // given up by abort_block() after begin_block(), are thrown away and refused_block() told at
    // their end.
    [[nodiscard]] bool begin_block(PeerKey key, const BlockRange& range, TimePoint now);
    void abort_block(const BlockRange& range);
    void end_block(PeerKey key, const BlockRange& range, TimePoint now);
    void refused_block(PeerKey key, const BlockRange& range, TimePoint now);
    /// Appends the blocks that the peer probably sends next, after the one that it is sending: as
    /// many as it has answered in the order of our requests, at most `most`. begin_block() would
    /// accept each of them now.
    void expect_blocks(PeerKey key, std::size_t most, std::vector<BlockRange>& blocks) const;

    // Answers to Outcome::to_store. Block digests are given with a piece that failed, and with a
    // good one if wants_digests() was true.
    [[nodiscard]] bool wants_digests(PieceIndex piece) const { return blame_.suspects(piece); }
    void piece_good(PieceIndex piece, const std::vector<Sha1Digest>& digests, TimePoint now);
    void piece_bad(PieceIndex piece, const std::vector<Sha1Digest>& digests, TimePoint now);
    /// The piece could not be written: its data is lost and it is missing again.
    void piece_lost(PieceIndex piece, TimePoint now);
    /// Answer to Outcome::to_park: the piece's memory is free.
    void piece_parked(PieceIndex piece, TimePoint now);

    // Uploads. The owner takes requests one by one as the peer's line has room for them.
    [[nodiscard]] std::optional<BlockRange> next_upload(PeerKey key, TimePoint now);
    [[nodiscard]] bool has_upload(PeerKey key) const;
    void uploaded(PeerKey key, std::uint32_t bytes, TimePoint now);
    /// False while the peer has asked for so much that its socket should not be read.
    [[nodiscard]] bool wants_input(PeerKey key) const;

    /// To be called about ten times a second: stalls, choking, requests held back.
    void tick(TimePoint now);
    /// While paused nothing is asked for; what is on its way still counts.
    void set_paused(bool paused, TimePoint now);

    [[nodiscard]] Outcome take_outcome();
    /// Encoded messages for a peer; the owner sends them in order and clears the vector.
    [[nodiscard]] ByteVector& outbox(PeerKey key);

    // What there is to know.
    [[nodiscard]] bool finished() const { return pieces_.unfinished() == 0; }
    [[nodiscard]] const PieceTable& pieces() const { return pieces_; }
    [[nodiscard]] bool knows(PeerKey key) const { return peers_.contains(key); }
    [[nodiscard]] std::size_t peer_count() const { return peers_.size(); }
    [[nodiscard]] PeerStatus status(PeerKey key, TimePoint now) const;
    /// Bytes a second.
    [[nodiscard]] double upload_rate(PeerKey key, TimePoint now) const {
        return peer_of(key).up.rate(now);
    }
    /// Bytes received that were not needed: doubled, late or unasked.
    [[nodiscard]] ByteCount wasted() const { return wasted_; }
    /// Whether all rules of STATE.md hold; for tests and the simulator.
    [[nodiscard]] bool consistent() const;

  private:
    struct Receiver;

    // torrent.cpp: what peers hold, and interest.
    Result<void> on_bitfield(Peer& peer, Bytes bits);
    Result<void> on_have(Peer& peer, PieceIndex piece);
    void on_have_all(Peer& peer);
    void note_pieces(Peer& peer);
    void forget_pieces(Peer& peer);
    void update_interest(Peer& peer);
    void drop_if_useless(const Peer& peer);
    [[nodiscard]] bool wanted_of(PieceIndex piece) const;
    [[nodiscard]] Peer& peer_of(PeerKey key) { return *peers_.at(key); }
    [[nodiscard]] const Peer& peer_of(PeerKey key) const { return *peers_.at(key); }
    void send(Peer& peer, const wire::Message& message);
    /// The peer's outbox is to be sent.
    void note_flush(Peer& peer);
    void disconnect(PeerKey key, std::string reason, bool ban);

    // downloads.cpp: what we ask for.
    void request_more(Peer& peer, TimePoint now);
    [[nodiscard]] bool has_room(const Peer& peer) const;
    void request_from_all(TimePoint now);
    [[nodiscard]] bool may_request(const Peer& peer) const;
    [[nodiscard]] bool may_take(const Peer& peer, const BegunPiece& begun) const;
    [[nodiscard]] bool may_ask_for(const Peer& peer, PieceIndex piece) const;
    bool request_one(Peer& peer, TimePoint now);
    void on_suggest(Peer& peer, PieceIndex piece, TimePoint now);
    [[nodiscard]] bool is_guided(const Peer& peer, TimePoint now) const;
    [[nodiscard]] std::optional<PieceIndex> next_suggested(Peer& peer);
    BegunPiece* open_piece_for(const Peer& peer, bool guided);
    BegunPiece* begin_piece_for(Peer& peer, bool guided);
    bool request_duplicate(Peer& peer, TimePoint now);
    void make_memory();
    void request(Peer& peer, BegunPiece& begun, std::uint32_t block, TimePoint now);
    void note_open(BegunPiece& piece);
    [[nodiscard]] bool has_memory_for(ByteCount size) const;
    [[nodiscard]] bool has_nothing_to_ask() const;
    [[nodiscard]] ByteCount smallest_piece() const;
    void release_requests(Peer& peer, bool keep_waiting);
    void give_up_authors();
    void cancel_elsewhere(const Peer& except, const BlockRange& range);
    void on_reject(Peer& peer, const BlockRange& range);
    void find_stalled(TimePoint now);
    [[nodiscard]] bool is_receiving_from(PeerKey key) const;
    void choose_source(TimePoint now);
    [[nodiscard]] BegunPiece* begun(PieceIndex piece) const;
    /// Its begun piece, if the block may be received into it now.
    [[nodiscard]] BegunPiece* receivable(const BlockRange& range) const;
    [[nodiscard]] std::deque<Outstanding>::iterator find_outstanding(Peer& peer,
                                                                     const BlockRange& range);
    void end_piece(PieceIndex piece);

    // uploads.cpp: what we serve.
    Result<void> on_request(Peer& peer, const BlockRange& range, TimePoint now);
    void on_cancel(Peer& peer, const BlockRange& range);
    [[nodiscard]] static bool takes_data(const Peer& peer);
    [[nodiscard]] bool may_guide(const Peer& peer) const;
    void begin_guiding();
    void suggest(Peer& peer, PieceIndex piece, TimePoint now);
    bool promise_to(Peer& peer, TimePoint now);
    /// Promises the peer something if it owes nothing.
    void guide_idle(Peer& peer, TimePoint now);
    /// Promises as much as the line needs, to whoever will have passed it on first.
    void guide_next(TimePoint now);
    void keep_guiding(TimePoint now);
    /// Peers that are served and can take more.
    [[nodiscard]] double takers() const;
    /// Of pieces that are all given: whether to send some of them again.
    [[nodiscard]] bool is_help_due(TimePoint now) const;
    void end_guiding();
    template <class Matches>
    [[nodiscard]] std::optional<PieceIndex> find_piece(Matches matches) const {
        for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
            if (matches(PieceIndex(i))) return PieceIndex(i);
        }
        return std::nullopt;
    }
    void note_arrival(Peer& peer, PieceIndex piece, TimePoint now);
    void rechoke(TimePoint now);
    [[nodiscard]] bool has_free_slot() const;
    [[nodiscard]] bool somebody_waits() const;
    /// Bytes a second to all peers.
    [[nodiscard]] double line_rate(TimePoint now) const;
    [[nodiscard]] std::uint32_t slots_for(TimePoint now) const;
    void choke(Peer& peer, TimePoint now);
    void unchoke(Peer& peer, TimePoint now);

    const metainfo::Layout& layout_;
    Settings settings_;
    PieceBudget& budget_;
    Random random_;
    PieceTable pieces_;
    Blame blame_;
    Choker choker_;
    Outcome outcome_;

    // Ordered by key, so that a run with the same input takes the same decisions.
    std::map<PeerKey, std::unique_ptr<Peer>> peers_;
    std::unordered_map<PieceIndex, std::unique_ptr<BegunPiece>> begun_;  ///< in flight or verifying
    /// Begun pieces that may have open blocks, oldest first: all that have some stand in it.
    std::vector<BegunPiece*> open_;
    std::vector<BegunPiece*> single_author_;   ///< begun pieces that are to have a single author
    std::vector<PieceIndex> again_;            ///< pieces that failed and will be such pieces
    std::optional<FirstCopies> first_copies_;  ///< once it seeds to somebody
    ByteCount guide_ahead_ = 0;                ///< to be promised and not yet sent
    TimePoint last_block_{};                   ///< when one came, from whomever
    std::optional<PeerKey> source_;            ///< with single_source: whom we fetch from
    TimePoint next_rechoke_{};
    bool paused_ = false;
    ByteCount wasted_ = 0;
};

}  // namespace shoal::swarm
