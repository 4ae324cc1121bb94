// Answers announces and scrapes: from a request's query to the bytes of the reply.
#pragma once
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/query.h"
#include "net/endpoint.h"
#include "tracker/gate.h"
#include "tracker/reply.h"
#include "tracker/swarm_store.h"

namespace shoal::tracker {

struct TrackerOptions {
    /// How often peers are told to announce; one that misses two is forgotten.
    std::chrono::seconds interval{300};
    /// Where a peer may name another address than its connection's, by `ip=`: proxies, and
    /// peers beside the tracker in the same private network.
    std::vector<net::AddressRange> trust_ip_from;
};

/// How often something was asked for, by what became of it.
struct RequestTally {
    std::uint64_t good = 0;
    std::uint64_t refused = 0;  ///< no member, no torrent of the group, or no room
    std::uint64_t malformed = 0;
};

/// Why announces were refused.
struct RefusalTally {
    std::uint64_t strangers = 0;  ///< without a member's passkey
    std::uint64_t torrents = 0;   ///< of no torrent of the group
    std::uint64_t full = 0;
};

struct TrackerTally {
    RequestTally announces;
    RequestTally scrapes;
    RefusalTally refusals;                            ///< of announces
    std::array<std::uint64_t, event_count> events{};  ///< of the good announces
};

/// Does no I/O. Not thread-safe.
class Tracker {
  public:
    /// gate: null lets everybody in; otherwise it must outlive the tracker.
    Tracker(TrackerOptions options, std::unique_ptr<SwarmStore> store, Gate* gate = nullptr);

    /// Appends the reply to a query as sent. Whatever is wrong with it is told as a failure reason
    /// and changes nothing. Remote is the other end of the connection, normalised.
    void announce(std::string_view query, const net::Address& remote, TimePoint now,
                  std::string& out);
    /// At least one info hash must be named: what swarms there are is nobody's business.
    void scrape(std::string_view query, TimePoint now, std::string& out);

    /// From the next request on.
    void set_options(TrackerOptions options);
    [[nodiscard]] const TrackerOptions& options() const { return options_; }

    [[nodiscard]] SwarmStore& store() { return *store_; }
    [[nodiscard]] const TrackerTally& tally() const { return tally_; }

  private:
    /// The member whose passkey stands in the query; 0 without a gate, or where it lets in others.
    [[nodiscard]] Result<std::int64_t> member_of_query() const;
    [[nodiscard]] Result<Realm> realm_of(std::int64_t member, const InfoHash& info_hash) const;
    [[nodiscard]] Result<net::Address> address_of(const AnnounceQuery& announce,
                                                  const net::Address& remote) const;

    TrackerOptions options_;
    ReplyTimes times_;
    std::unique_ptr<SwarmStore> store_;
    Gate* gate_;
    TrackerTally tally_;
    // Kept from one request to the next, so that answering seldom allocates.
    http::Query query_;
    PeerSample sample_;
    std::vector<std::pair<InfoHash, SwarmCounts>> scraped_;
};

}  // namespace shoal::tracker
