// Files by name: who shares what under which name, and the torrents that stand behind it.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "catalogue/accounts.h"
#include "catalogue/database.h"
#include "catalogue/paging.h"
#include "metainfo/metainfo.h"

namespace shoal::catalogue {

/// A daemon of ours: one user may have several.
struct Peer {
    std::int64_t id = 0;
    std::string daemon;  ///< the daemon's own random id, the same for its whole life
    std::int64_t user_id = 0;
    std::string user;     ///< the name as shown
    std::string address;  ///< of IPv4 or IPv6, without a port
    std::uint16_t port = 0;
    Time created;
    Time last_seen;  ///< to within a minute
};

struct Torrent {
    std::int64_t id = 0;
    InfoHash info_hash;                   ///< what trackers and peers call it by
    std::optional<Sha1Digest> hash_v1;    ///< none: v2 only
    std::optional<Sha256Digest> hash_v2;  ///< none: v1 only
    std::string name;                     ///< as the torrent has it
    ByteCount size = 0;                   ///< bytes of content, without padding
    std::uint32_t piece_length = 0;       ///< bytes
    std::uint32_t pieces = 0;
    bool is_private = false;
    Time created;
};

/// One peer's file or folder under a shared name. (peer, name) is its key, and (peer, path) too.
struct Publication {
    std::int64_t id = 0;  ///< a new version has a new one
    std::string name;
    std::string path;          ///< as its publisher told it
    std::int64_t version = 1;  ///< counts what this peer published under this name
    Time created;
    Torrent torrent;
    Peer peer;
};

struct NewPublication {
    std::string name;
    std::string path;
    std::shared_ptr<const metainfo::Info> info;  ///< its layers known
    bool replace = false;  ///< whether a new version may take the place of this peer's last
};

struct Counts {
    std::int64_t publications = 0;
    std::int64_t torrents = 0;
    std::int64_t peers = 0;
    ByteCount bytes = 0;  ///< of all torrents that are published, each once
};

enum class Order : std::uint8_t {
    newest,
    name,
    size,  ///< the largest first
};

struct PublicationQuery {
    std::string search;  ///< all of its words have to occur in the name; empty: everything
    Order order = Order::newest;
    std::optional<std::int64_t> peer;  ///< only this one's
    std::optional<std::int64_t> user;  ///< only those of this user's peers
    PageRequest page;
};

/// Thread-safe. Calls block for the database: never on a network thread. All may answer Database's
/// errors. What they are told may be anything.
class Publications {
  public:
    static constexpr std::size_t max_torrent_bytes = 8 << 20;  ///< info and layers together
    static constexpr std::size_t max_daemon_id = 64;           ///< characters
    static constexpr std::int64_t max_peers_of_user = 256;

    /// The database must outlive it.
    Publications(Database& database, TimeSource now) : database_(database), now_(std::move(now)) {}

    /// Makes the peer known, or notes its present address. It is told from others by user and
    /// daemon id, so that knowing an id lets nobody take a peer over.
    /// usage: an id, address or port that is none. refused: too many peers of this user.
    Result<Peer> register_peer(std::int64_t user, std::string_view daemon, std::string_view address,
                               std::uint16_t port);
    /// not_found: there is no such peer.
    Result<Peer> peer(std::int64_t id);
    /// All that told this address last.
    Result<std::vector<Peer>> peers_at(std::string_view address, std::uint16_t port);
    Result<Page<Peer>> peers(const PageRequest& page);  ///< by id
    /// And all that it published. not_found: there is no such peer.
    Result<void> remove_peer(std::int64_t id);

    /// usage: a name or path that is none, or a torrent that is too large. not_found: the peer.
    /// refused: this peer publishes the name (without replace) or the path already.
    Result<Publication> publish(std::int64_t peer, const NewPublication& publication);
    /// not_found: this peer publishes no such name.
    Result<void> unpublish(std::int64_t peer, std::string_view name);

    /// usage: a query or a place that makes no sense.
    Result<Page<Publication>> list(const PublicationQuery& query);
    /// not_found: there is no such publication.
    Result<Publication> publication(std::int64_t id);
    /// Of all peers, under exactly this name; the newest first, max_page at most.
    Result<std::vector<Publication>> named(std::string_view name);
    /// The hash in any of its forms: v1, v2, or v2 cut short.
    Result<std::vector<Publication>> with_info_hash(Bytes hash);
    Result<Counts> counts();

    /// Keeps a torrent without publishing it; the one that is there when it is known already.
    /// usage: it is too large, or its layers are missing.
    Result<Torrent> store_torrent(const metainfo::Info& info);
    /// By any form of the hash. not_found: it is not known.
    Result<Torrent> torrent(Bytes hash);
    Result<Page<Torrent>> torrents(const PageRequest& page);  ///< all that are kept, by id
    Result<std::shared_ptr<const metainfo::Info>> info_of(std::int64_t torrent);
    /// not_found: there is no such torrent. refused: it is published.
    Result<void> remove_torrent(std::int64_t id);

  private:
    [[nodiscard]] std::int64_t now() const { return now_().time_since_epoch().count(); }

    Database& database_;
    const TimeSource now_;
};

}  // namespace shoal::catalogue
