// The tracker as it stands in the network: its addresses, its pages, its clock.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/event_stream.h"
#include "http/server.h"
#include "tracker/group.h"
#include "tracker/memory_store.h"
#include "tracker/peer_lifetime.h"
#include "tracker/statistics.h"
#include "tracker/tracker.h"

namespace shoal::tracker {

namespace rest {
class LiveLists;
}

struct TrackerServerOptions {
    TrackerOptions tracker;
    MemoryLimits memory;
    http::Limits http;
    /// Null: open to every client. Otherwise announces take a passkey, and REST is served.
    std::shared_ptr<Group> group;
    /// For TLS on the same port; null: none is spoken.
    std::shared_ptr<boost::asio::ssl::context> tls;
};

/// /announce, /scrape, /healthz and /metrics, the page, and of src/tracker/rest what is served
/// without a group or all of it. Not thread-safe: everything happens on the executor, which must be
/// a single thread or a strand.
class TrackerServer {
  public:
    TrackerServer(boost::asio::any_io_executor executor, TrackerServerOptions options);
    ~TrackerServer();
    TrackerServer(const TrackerServer&) = delete;
    TrackerServer& operator=(const TrackerServer&) = delete;

    /// failed: see http::Server::listen.
    Result<void> listen(const std::vector<net::TcpEndpoint>& endpoints);
    /// Takes connections there from now on, and tells everybody who listens to events; see
    /// http::Server::move_to.
    Result<void> move_to(const std::vector<net::TcpEndpoint>& endpoints);
    /// Called whenever move_to() has moved it, whoever asked for that.
    void on_moved(std::function<void()> moved) { on_moved_ = std::move(moved); }
    [[nodiscard]] std::vector<net::TcpEndpoint> endpoints() const { return server_.endpoints(); }
    /// Where it can be reached, from other machines if it listens for them.
    [[nodiscard]] net::TcpEndpoint address() const;
    /// The same as http://HOST:PORT.
    [[nodiscard]] std::string url() const { return "http://" + net::to_text(address()); }
    /// Interval and trusted addresses from now on; peers that were told a longer interval are
    /// remembered until they have come back. The interval of a group's settings comes by itself.
    void set_options(TrackerOptions options);
    /// As http::Server::use_tls.
    void use_tls(std::shared_ptr<boost::asio::ssl::context> tls) {
        server_.use_tls(std::move(tls));
    }
    /// Answers what is being answered, then closes; the executor then has nothing left to do.
    void stop();

    [[nodiscard]] Tracker& tracker() { return *tracker_; }

  private:
    void tick();
    void observe(TimePoint now);

    std::shared_ptr<Group> group_;
    std::shared_ptr<Tracker> tracker_;
    std::shared_ptr<http::Metrics> metrics_;
    std::shared_ptr<Statistics> statistics_;
    std::shared_ptr<http::EventHub> events_;  ///< the group's, if there is one
    std::shared_ptr<rest::LiveLists> lists_;
    http::Server server_;
    PeerLifetime lifetime_;
    boost::asio::steady_timer timer_;
    std::function<void()> on_moved_;
    bool stopping_ = false;
};

}  // namespace shoal::tracker
