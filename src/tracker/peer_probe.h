// Asks a peer by the peer protocol (BEP 3, 6) whether it is there and which pieces it has.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "base/bitfield.h"
#include "base/error.h"
#include "base/time.h"
#include "net/endpoint.h"
#include "wire/handshake.h"

namespace shoal::tracker {

struct ProbeQuestion {
    net::TcpEndpoint peer;
    InfoHash info_hash;
    wire::PeerId our_id;
    std::uint32_t piece_count = 0;
    std::optional<net::Address> from;  ///< the address to call from
    Duration patience = 5s;            ///< for everything
};

struct ProbeAnswer {
    Duration round_trip{};           ///< until it took the connection
    std::optional<wire::PeerId> id;  ///< nothing: it hung up, as one does without the torrent
    std::optional<Bitfield> pieces;  ///< nothing unless it spoke of the torrent
};

/// One question under way. Lives on the executor, a single thread or a strand; destroying it ends
/// it without a callback.
class PeerProbe {
  public:
    /// Called once, never from within the constructor; may destroy the probe.
    /// timeout, failed: nobody takes connections there. bad_data: it does not speak the protocol.
    using Handler = std::function<void(Result<ProbeAnswer>)>;

    PeerProbe(const boost::asio::any_io_executor& executor, const ProbeQuestion& question,
              Handler handler);
    ~PeerProbe();
    PeerProbe(const PeerProbe&) = delete;
    PeerProbe& operator=(const PeerProbe&) = delete;

  private:
    class Talk;
    std::shared_ptr<Talk> talk_;
};

}  // namespace shoal::tracker
