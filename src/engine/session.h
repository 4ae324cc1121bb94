// What all torrents of a process share: the port, the disk, memory, rate limits, and the routing of
// incoming connections to the torrent they ask for.
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "discovery/http_tracker.h"
#include "disk/disk_service.h"
#include "engine/peer_connection.h"
#include "net/listener.h"
#include "swarm/torrent.h"
#include "wire/handshake.h"

namespace shoal::engine {

class Transfer;

/// Who may call this session. Lives on its thread.
class Admission {
  public:
    virtual ~Admission() = default;
    /// Calls answer once, now or later, however long it takes to know. Not an answer in good time
    /// is a no; how many questions may be open at once is the implementation's to bound.
    virtual void ask(const net::Address& caller, std::function<void(bool)> answer) = 0;
};

struct SessionOptions {
    std::vector<net::TcpEndpoint> listen;
    /// What goes out goes from this address, if one was named to listen on.
    std::optional<net::Address> from;
    ByteCount max_down = 0;  ///< bytes a second; 0: no limit
    ByteCount max_up = 0;
    /// Bytes for pieces in flight, of all transfers together. 0: by what the machine has to spare,
    /// see memory_for_pieces().
    ByteCount memory = 0;
    /// Asked about every caller before a byte of it is read. Whom it does not admit is answered for
    /// torrents that are open to everybody alone. Null: nobody is admitted to the others.
    std::shared_ptr<Admission> admission{};
    /// For announces; the local address is `from`.
    discovery::HttpOptions http{};
};

/// So much of what the machine has to spare as a fast line may need, 10 Gbit/s at a distance of
/// 100 ms; little on a machine that has little. `available` as of available_memory().
ByteCount memory_for_pieces(std::optional<ByteCount> available);

/// Lives on one thread, that of its io_context. Outlives its transfers.
class Session final : private PeerHandler {
  public:
    /// failed: the port cannot be listened on.
    static Result<std::unique_ptr<Session>> open(boost::asio::io_context& context,
                                                 SessionOptions options);
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Listens there instead, whatever is connected; announces under way name the former port.
    /// failed: the port cannot be listened on; nothing has changed then.
    Result<void> move_to(std::vector<net::TcpEndpoint> listen, std::optional<net::Address> from);
    /// Bytes a second; 0: no limit.
    void set_limits(ByteCount max_down, ByteCount max_up);
    /// For transfers that are made from now on.
    void set_pins(net::KeyPins pins) { options_.http.pins = std::move(pins); }

    [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
    [[nodiscard]] const SessionOptions& options() const { return options_; }
    [[nodiscard]] const wire::PeerId& peer_id() const { return peer_id_; }
    [[nodiscard]] boost::asio::any_io_executor executor() { return context_.get_executor(); }
    [[nodiscard]] Limiters& limiters() { return limiters_; }
    [[nodiscard]] disk::DiskService& disk() { return disk_; }
    [[nodiscard]] const std::shared_ptr<disk::FileSystem>& files() const { return files_; }
    [[nodiscard]] const std::shared_ptr<disk::HandleCache>& handles() const { return handles_; }
    [[nodiscard]] const std::shared_ptr<disk::BufferPool>& buffers() const { return buffers_; }
    [[nodiscard]] swarm::PieceBudget& budget() { return budget_; }

    /// Connections for these info hashes go to the transfer, and it gets its tick() until it is
    /// removed.
    void add(const InfoHash& info_hash, Transfer& transfer);
    void remove(Transfer& transfer);
    /// The transfer has something to do: its next tick comes in time. One that is idle() waits up
    /// to a second for it.
    void wake(Transfer& transfer);

  private:
    Session(boost::asio::io_context& context, SessionOptions options);
    Result<void> listen(const std::vector<net::TcpEndpoint>& endpoints);
    void accept(std::unique_ptr<net::Stream> stream);
    void welcome(std::unique_ptr<net::Stream> stream, bool admitted);
    void tick();
    /// Has the next tick in time, where it was put off because nothing was to be done.
    void rouse();
    void wait(Duration duration);
    void fit_memory();

    // Incoming connections, up to their handshake.
    void on_handshake(PeerConnection& peer, const wire::Handshake& handshake) override;
    void on_message(PeerConnection&, const wire::Message&) override {}
    MutableBytes on_block_start(PeerConnection&, const BlockRange&) override { return {}; }
    void on_block_end(PeerConnection&, const BlockRange&, bool) override {}
    void expect_blocks(const PeerConnection&, std::vector<wire::ExpectedBlock>&) override {}
    void on_input_done() override {}
    [[nodiscard]] bool wants_input(const PeerConnection&) const override { return true; }
    void on_room(PeerConnection&) override {}
    void on_sent(PeerConnection&, std::size_t) override {}
    void on_closed(PeerConnection& peer, const std::string& reason) override;

    boost::asio::io_context& context_;
    SessionOptions options_;
    wire::PeerId peer_id_;
    Limiters limiters_;
    std::shared_ptr<disk::FileSystem> files_;
    std::shared_ptr<disk::HandleCache> handles_;
    swarm::PieceBudget budget_;
    std::shared_ptr<disk::BufferPool> buffers_;
    disk::DiskService disk_;
    std::optional<net::Listener> listener_;
    boost::asio::steady_timer timer_;  ///< until the next tick
    bool resting_ = false;             ///< it waits for the next round
    TimePoint next_round_{};
    std::unordered_map<InfoHash, Transfer*> transfers_;
    std::set<Transfer*> busy_;  ///< those that get the next tick
    /// Incoming, before their handshake; the oldest first.
    std::vector<std::shared_ptr<PeerConnection>> strangers_;
    /// Expires with the session: answers that come later find it gone.
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace shoal::engine
