// One peer connection: bytes between a stream and the torrent that it belongs to.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "engine/send_queue.h"
#include "net/rate_limiter.h"
#include "net/stream.h"
#include "swarm/peer_key.h"
#include "wire/decoder.h"

namespace shoal::engine {

/// The limits that all connections of a session share.
struct Limiters {
    net::RateLimiter down;
    net::RateLimiter up;
};

class PeerConnection;

/// What a connection asks of the one it belongs to. Any of these may close the connection.
class PeerHandler {
  public:
    virtual ~PeerHandler() = default;
    virtual void on_handshake(PeerConnection& peer, const wire::Handshake& handshake) = 0;
    virtual void on_message(PeerConnection& peer, const wire::Message& message) = 0;
    /// Where the block's bytes go; empty: they are thrown away.
    virtual MutableBytes on_block_start(PeerConnection& peer, const BlockRange& range) = 0;
    virtual void on_block_end(PeerConnection& peer, const BlockRange& range, bool accepted) = 0;
    /// Appends the blocks that probably come next, in their order, at most BlockTrain::most. Their
    /// places must stay until on_input_done().
    virtual void expect_blocks(const PeerConnection& peer,
                               std::vector<wire::ExpectedBlock>& blocks) = 0;
    /// A batch of input was worked through: time to send what it led to.
    virtual void on_input_done() = 0;
    [[nodiscard]] virtual bool wants_input(const PeerConnection& peer) const = 0;
    /// The line has room for more blocks.
    virtual void on_room(PeerConnection& peer) = 0;
    virtual void on_sent(PeerConnection& peer, std::size_t payload) = 0;
    /// The last call; the connection is closed already.
    virtual void on_closed(PeerConnection& peer, const std::string& reason) = 0;
};

/// Lives on the session's executor. Held by a shared_ptr, because waits refer to it.
class PeerConnection : public std::enable_shared_from_this<PeerConnection> {
  public:
    PeerConnection(std::unique_ptr<net::Stream> stream, bool incoming, Limiters& limiters);

    /// Begins to read. The handler must outlive the connection or close it.
    void start(PeerHandler& handler);
    /// Another handler takes over (an incoming connection has found its torrent).
    void set_handler(PeerHandler& handler) { handler_ = &handler; }

    /// Further limits, besides those of the session.
    void limit(std::shared_ptr<Limiters> limiters) { own_limiters_ = std::move(limiters); }

    /// Queues whole messages; see SendQueue. Leaves the vector empty.
    void send(ByteVector& bytes);
    void send(Bytes bytes);
    void send_blocks(std::span<const BlockRange> blocks, std::vector<disk::Extent> runs);
    /// What may wait in the system's own queue follows the rate at which the peer takes it, bytes a
    /// second, so that messages do not wait long behind blocks there either.
    void fit_queue(double rate);
    /// Writes as much of the queue as the line takes now.
    void flush();
    /// Bytes queued and not yet written.
    [[nodiscard]] std::size_t queued() const { return queue_.size(); }
    /// Reads again after wants_input() was false.
    void resume_input();

    /// Closes at once and calls on_closed(). May be called at any time, also twice.
    void close(const std::string& reason);
    [[nodiscard]] bool closed() const { return closed_; }
    /// Keep-alives out, and an end to connections that have been silent for long.
    void check_time(TimePoint now);

    [[nodiscard]] bool incoming() const { return incoming_; }
    [[nodiscard]] const net::TcpEndpoint& remote() const { return stream_->remote(); }

    // What the torrent notes about this connection.
    swarm::PeerKey key;
    bool admitted = false;  ///< of a caller: the session's Admission knows it
    bool greeted = false;   ///< the other side's handshake is here
    bool dropped = false;   ///< by our choice, so not to be called again soon
    bool fast = false;
    bool extended = false;
    std::uint8_t metadata_id = 0;  ///< the peer's message id for ut_metadata; 0: none
    std::uint8_t upload_only_id = 0;
    std::optional<std::uint32_t> request_queue;  ///< what it keeps, once it has told (reqq)
    bool upload_only = false;                    ///< it wants no data (BEP 21)
    std::string client;  ///< as it calls itself; bounded, not yet safe to print; may be empty
    wire::PeerId peer_id;
    int batches_on_disk = 0;      ///< batches of blocks that the disk is making ready
    net::TcpEndpoint listens_at;  ///< where it can be called, as far as known

  private:
    using Direction = net::RateLimiter Limiters::*;
    [[nodiscard]] std::size_t allowance(Direction direction, std::size_t wanted);
    void spend(Direction direction, std::size_t bytes);
    /// Calls back when more may flow, after an allowance of 0.
    void wait_for_allowance(Direction direction, std::function<void()> ready);
    void read_some();
    net::Transfer read_once(std::size_t allowed);
    void handle_events();
    void wait_readable();
    /// False: nothing more goes now.
    bool write_once();
    void wait_for_output_allowance();
    void wait_writable();

    std::unique_ptr<net::Stream> stream_;
    Limiters& limiters_;
    std::shared_ptr<Limiters> own_limiters_;  ///< null: none
    PeerHandler* handler_ = nullptr;
    wire::Decoder decoder_;
    std::vector<wire::ExpectedBlock> expected_;  ///< of one read
    SendQueue queue_;
    std::size_t portion_;           ///< bytes that the line probably takes in one write
    std::size_t unsent_limit_ = 0;  ///< as the stream was told; 0: not yet
    TimePoint started_;
    TimePoint last_input_;
    TimePoint last_output_;
    bool incoming_;
    bool closed_ = false;
    bool reading_ = false;  ///< inside read_some(), which must not be entered twice
    bool waiting_readable_ = false;
    bool waiting_writable_ = false;
    bool writing_ = false;
};

}  // namespace shoal::engine
