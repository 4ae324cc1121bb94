// One torrent on the network: its connections, what the swarm logic decides, and the disk, brought
// together. Where the content lies and what happens when it is whole is its owner's affair.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "discovery/announcer.h"
#include "disk/disk_service.h"
#include "engine/peer_connection.h"
#include "engine/peer_list.h"
#include "engine/piece_memory.h"
#include "engine/session.h"
#include "metainfo/metainfo.h"
#include "net/tcp_stream.h"
#include "swarm/metadata.h"
#include "swarm/torrent.h"

namespace shoal::engine {

struct TransferOptions {
    InfoHash info_hash;
    metainfo::TrackerTiers trackers;
    std::vector<std::string> user_trackers;
    std::vector<net::TcpEndpoint> peers;  ///< to call besides those that trackers name
    bool single_source = false;
    bool only_these_peers = false;  ///< until it is whole: nobody else gives anything
    ByteCount max_down = 0;         ///< bytes a second, besides the session's limits; 0: none
    ByteCount max_up = 0;
    bool members_only = false;  ///< callers are answered only once the session admits them
};

/// Called on the session's thread, never from within a function of the transfer.
struct TransferCallbacks {
    /// The info dictionary of a magnet link has come, with the right hash.
    std::function<void(ByteVector)> on_metadata;
    /// All wanted pieces are verified and written.
    std::function<void()> on_finished;
    /// The disk failed, or the torrent contradicts itself; the transfer has stopped asking.
    std::function<void(Error)> on_error;
};

/// What there is to carry on with; see Transfer::begin().
struct Content {
    std::shared_ptr<const metainfo::Info> info;
    std::shared_ptr<disk::Storage> storage;
    Bitfield have;
    Bitfield wanted;  ///< pieces
};

struct TransferStatus {
    ByteCount have = 0;        ///< bytes of wanted pieces that are verified and written
    ByteCount total = 0;       ///< bytes of wanted pieces
    ByteCount downloaded = 0;  ///< payload, in this run
    ByteCount uploaded = 0;
    double down = 0;  ///< bytes a second
    double up = 0;
    std::size_t peers = 0;
    std::size_t unavailable = 0;  ///< wanted pieces that no connected peer holds
};

/// A connected peer, as a display shows it.
struct PeerView {
    net::TcpEndpoint address;  ///< where it takes connections, as far as known
    std::string client;        ///< printable
    bool outgoing = false;     ///< this side has called
    double down = 0;           ///< bytes a second
    double up = 0;
    ByteCount downloaded = 0;  ///< payload from it, on this connection
    ByteCount uploaded = 0;
    double progress = 0;  ///< the part of all pieces that it has, 0 to 1
};

/// Lives on the session's thread.
class Transfer final : private PeerHandler {
  public:
    Transfer(Session& session, TransferOptions options, TransferCallbacks callbacks);
    ~Transfer() override;
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    /// Begins to look for peers. Without begin() before it, they are asked for the metadata.
    void start();
    /// The content is known and its state verified: data flows from here on. Once only.
    void begin(Content content);
    /// The owner has moved the content into place after on_finished; trackers are told.
    void completed();
    /// Hangs up, tells the trackers, waits for the disk; then calls done. Nothing else is called
    /// after this.
    void stop(std::function<void()> done);

    [[nodiscard]] TransferStatus status() const;
    /// Pieces verified and written; begin() must have been called.
    [[nodiscard]] const Bitfield& have() const { return torrent_->pieces().have(); }
    /// Seeds to nobody, so that tick() has nothing to do that could not wait a second.
    [[nodiscard]] bool idle() const { return finished() && peers_.empty() && connecting_.empty(); }
    [[nodiscard]] bool finished() const { return torrent_ != nullptr && torrent_->finished(); }
    /// Up to `limit` missing pieces that no connected peer holds.
    [[nodiscard]] std::vector<PieceIndex> unavailable(std::size_t limit) const;
    [[nodiscard]] std::vector<discovery::TrackerStatus> trackers() const;
    /// Bytes a second; 0: no limit.
    void set_limits(ByteCount max_down, ByteCount max_up);
    /// Those that have greeted.
    [[nodiscard]] std::vector<PeerView> peers() const;
    /// Null before begin().
    [[nodiscard]] const swarm::PieceTable* pieces() const {
        return torrent_ ? &torrent_->pieces() : nullptr;
    }

    // For the session.
    [[nodiscard]] bool members_only() const { return options_.members_only; }
    void adopt(const std::shared_ptr<PeerConnection>& peer, const wire::Handshake& handshake);
    void tick(TimePoint now);

  private:
    /// What a peer said before the metadata was there; said again to the swarm logic afterwards.
    struct EarlyWords {
        std::vector<wire::Message> messages;
        ByteVector bitfield;
    };

    // transfer_peers.cpp: who is connected.
    void connect_more(TimePoint now);
    void connect(const net::TcpEndpoint& remote);
    void greet(PeerConnection& peer, const wire::Handshake& handshake);
    bool keep_this_one(PeerConnection& peer);
    void send_extension_handshake(PeerConnection& peer);
    void on_extended(PeerConnection& peer, const wire::Extended& message);
    void on_extension_handshake(PeerConnection& peer, Bytes payload);
    void on_metadata_message(PeerConnection& peer, const wire::MetadataMessage& message);
    void ask_for_metadata();
    void introduce(PeerConnection& peer);
    void replay(PeerConnection& peer);
    void send_message(PeerConnection& peer, const wire::Message& message);

    void on_handshake(PeerConnection& peer, const wire::Handshake& handshake) override;
    void on_message(PeerConnection& peer, const wire::Message& message) override;
    MutableBytes on_block_start(PeerConnection& peer, const BlockRange& range) override;
    void on_block_end(PeerConnection& peer, const BlockRange& range, bool accepted) override;
    void expect_blocks(const PeerConnection& peer,
                       std::vector<wire::ExpectedBlock>& blocks) override;
    void on_input_done() override { settle(); }
    [[nodiscard]] bool wants_input(const PeerConnection& peer) const override;
    void on_room(PeerConnection& peer) override;
    void on_sent(PeerConnection& peer, std::size_t payload) override;
    void on_closed(PeerConnection& peer, const std::string& reason) override;

    [[nodiscard]] bool takes_from_named_alone() const {
        return options_.only_these_peers && !finished();
    }

    // transfer.cpp: what is moved.
    void settle();
    void settle_once(swarm::Outcome outcome);
    void store(PieceIndex piece);
    void on_stored(PieceIndex piece, Result<disk::PieceOutcome> result);
    void park(PieceIndex piece);
    void upload(PeerConnection& peer);
    void fail_with(Error error);
    /// The handler, made to do nothing once the transfer is gone.
    template <class Handler>
    auto while_alive(Handler handler) {
        return
            [alive = std::weak_ptr(alive_), handler = std::move(handler)](auto&&... args) mutable {
                if (alive.lock()) handler(std::forward<decltype(args)>(args)...);
            };
    }

    Session& session_;
    TransferOptions options_;
    TransferCallbacks callbacks_;
    std::shared_ptr<Limiters> limiters_;
    PeerList known_;
    std::unique_ptr<discovery::Announcer> announcer_;
    std::optional<swarm::MetadataFetch> fetch_;
    std::optional<Content> content_;
    std::unique_ptr<PieceMemory> memory_;
    std::unique_ptr<swarm::Torrent> torrent_;
    ByteCount wanted_bytes_ = 0;
    ByteCount have_bytes_ = 0;  ///< of the wanted ones

    std::map<swarm::PeerKey, std::shared_ptr<PeerConnection>> peers_;
    std::map<net::TcpEndpoint, net::TcpConnector> connecting_;
    std::map<swarm::PeerKey, EarlyWords> early_;
    std::map<swarm::PeerKey, net::TcpEndpoint> addresses_;  ///< also of many that have left
    std::vector<BlockRange> expected_;                      ///< of one read
    std::map<PieceIndex, bool> spilling_;  ///< being parked; true: to be stored right after
    std::uint32_t next_key_ = 0;
    swarm::RateMeter down_;
    swarm::RateMeter up_;
    ByteCount uploaded_ = 0;
    ByteCount downloaded_ = 0;
    bool settling_ = false;
    bool stopped_ = false;
    bool failed_ = false;
    /// Expires with the transfer: what the disk finishes later finds it gone.
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace shoal::engine
