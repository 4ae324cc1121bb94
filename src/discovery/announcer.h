// Keeps one torrent announced to its trackers, and brings the peers they name.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/time.h"
#include "discovery/http_tracker.h"
#include "discovery/tracker_list.h"

namespace shoal::discovery {

struct AnnouncerOptions {
    InfoHash info_hash;
    Digest<20> peer_id;
    std::uint16_t port = 0;                       ///< where peers can reach us
    std::vector<std::vector<std::string>> tiers;  ///< the torrent's own trackers (BEP 12)
    std::vector<std::string> user_trackers;       ///< each is announced to in any case
    int numwant = 50;
    Duration stop_timeout = 3s;  ///< how long stop() waits for trackers
    HttpOptions http;
    TrackerList::Options schedule;
};

/// What a tracker is told of the transfer, in bytes. While the size is unknown (a magnet link
/// before its metadata), `left` is any positive number.
struct TransferStats {
    ByteCount uploaded = 0;
    ByteCount downloaded = 0;
    ByteCount left = 0;
};

/// Called on the announcer's executor, never from within one of its functions; may call any
/// function of it, and may destroy it.
struct AnnouncerCallbacks {
    /// Peers of one answer; may be ourselves, known already, or not there. Required.
    std::function<void(std::vector<net::TcpEndpoint>)> on_peers;
    /// Asked before every announce. Required; must not destroy the announcer.
    std::function<TransferStats()> stats;
    /// An announce ended: the tracker's new state. May be empty.
    std::function<void(const TrackerStatus&)> on_status;
    /// Our address as a tracker sees it (BEP 24). May be empty.
    std::function<void(const net::Address&)> on_external_address;
};

/// One torrent's announces. Not thread-safe: everything happens on its executor, which must be a
/// single thread or a strand. Destroying it ends everything at once, without callbacks.
class Announcer {
  public:
    Announcer(boost::asio::any_io_executor executor, AnnouncerOptions options,
              AnnouncerCallbacks callbacks);
    ~Announcer();
    Announcer(const Announcer&) = delete;
    Announcer& operator=(const Announcer&) = delete;

    /// Announces `started` to the trackers, and from then on at their intervals. Once only.
    void start();
    /// The download was completed just now (not: was complete already when it began).
    void completed();
    /// More peers are wanted soon; as often as liked, the trackers' minimum intervals hold.
    void need_peers();
    /// Tells the trackers that know of us that we are gone; done is called (never from within
    /// this call) when they all know or the time is up. After it nothing else is called back.
    void stop(std::function<void()> done);

    [[nodiscard]] std::vector<TrackerStatus> status() const;

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace shoal::discovery
