// Where the tracker remembers who is in which swarm: the interface of its soft state.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/time.h"
#include "net/endpoint.h"
#include "tracker/announce_query.h"

namespace shoal::tracker {

/// Whose swarm it is. Peers of different realms never meet, though the info hash be the same.
enum class Realm : std::uint8_t {
    open,    ///< everybody's: the tracker has no group
    group,   ///< the group's own
    others,  ///< everybody's, beside a group: it takes no more than half of the room
};

/// One announce as far as it concerns a swarm. Peers are told apart by address and port.
struct PeerUpdate {
    InfoHash info_hash;
    Realm realm = Realm::open;
    Digest<20> peer_id;
    net::Address address;  ///< normalised
    std::uint16_t port = 0;
    bool seed = false;  ///< has everything
    Event event = Event::none;
    std::size_t numwant = 0;
    std::uint64_t uploaded = 0;    ///< bytes of payload so far, as the peer says
    std::uint64_t downloaded = 0;  ///< likewise
};

struct SwarmCounts {
    std::uint32_t seeds = 0;
    std::uint32_t leechers = 0;
    std::uint32_t downloaded = 0;  ///< completions so far
    bool operator==(const SwarmCounts&) const = default;
};

struct SwarmEntry {
    InfoHash info_hash;
    SwarmCounts counts;
};

/// What has become of swarms since it was told last.
struct SwarmChanges {
    std::vector<SwarmEntry> changed;  ///< new ones, too; as they are now
    std::vector<InfoHash> gone;
    bool complete = true;  ///< false: more have gone than are named, now or later
};

/// What all peers together say that they have transferred, since the store began: the growth from
/// each announce of a peer to its next, to within a KiB each. In swarms of
/// thousands of peers it may be told from a part of them.
struct Traffic {
    std::uint64_t uploaded = 0;    ///< bytes
    std::uint64_t downloaded = 0;  ///< bytes
};

/// Peers for one answer, in the form in which compact answers carry them (BEP 7, 23). Kept and
/// filled again, so that it seldom allocates.
struct PeerSample {
    bool want_ids = false;
    std::string v4;  ///< 6 bytes each: address, port
    std::string v6;  ///< 18 bytes each
    /// Of those in v4, then of those in v6; only if wanted. Zero where it is not known.
    std::vector<Digest<20>> ids;

    void clear() {
        v4.clear();
        v6.clear();
        ids.clear();
    }
};

/// Not thread-safe.
class SwarmStore {
  public:
    virtual ~SwarmStore() = default;

    /// Records the announce and picks peers for its answer at random, never the asker, and no
    /// seeds for one who wants no data, as far as its first announce can tell. A swarm that comes
    /// into another realm forgets its peers. refused: the store is full; nothing changed.
    virtual Result<SwarmCounts> announce(const PeerUpdate& update, TimePoint now,
                                         PeerSample& sample) = 0;
    /// Nothing for a swarm that is not known.
    virtual std::optional<SwarmCounts> scrape(const InfoHash& info_hash, TimePoint now) = 0;
    /// At most `limit` swarms that come after an info hash, or the first ones, by info hash. Looks
    /// at every swarm.
    [[nodiscard]] virtual std::vector<SwarmEntry> list(const std::optional<InfoHash>& after,
                                                       std::size_t limit) const = 0;
    /// Whether changes() is to tell what changes from now on. Looks at every swarm.
    virtual void watch(bool on) = 0;
    /// What has changed while it was watched and is not told yet: of each kind at most `limit`, the
    /// rest by later calls. Looks at a part of the swarms at each call, each in its turn.
    virtual SwarmChanges changes(std::size_t limit) = 0;
    /// Frees what has expired, a part of it at each call; to be called about once a second.
    virtual void expire(TimePoint now) = 0;

    /// How long a peer that does not announce is remembered from now on.
    virtual void set_lifetime(Duration lifetime) = 0;

    struct Size {
        std::size_t swarms = 0;
        std::size_t peers = 0;
        std::size_t peers_v6 = 0;  ///< of these, at IPv6 addresses
        std::size_t seeds = 0;     ///< of all peers
    };
    [[nodiscard]] virtual Size size() const = 0;
    [[nodiscard]] virtual Traffic traffic() const = 0;
};

}  // namespace shoal::tracker
