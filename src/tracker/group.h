// A group as its tracker has it at hand: its members' passkeys, its torrents, who is there, who has
// which piece, and what has happened. What must last is the catalogue's; all else is soft state.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "http/attempt_limiter.h"
#include "http/event_stream.h"
#include "http/page_login.h"
#include "net/tls_client.h"
#include "tracker/gate.h"
#include "tracker/piece_map.h"
#include "tracker/piece_prober.h"
#include "tracker/preparing_files.h"
#include "tracker/presence.h"
#include "tracker/settings.h"

namespace shoal::tracker {

/// The audience of events for administrators alone.
inline constexpr std::string_view administrators = "administrators";

struct GroupOptions {
    Access access = Access::group;
    Registration registration = Registration::invite;
    /// Whether names and passwords from other machines are taken without TLS.
    bool allow_plain_login = false;
    Duration peer_lifetime = 600s;  ///< without a sign of life; two announce intervals

    [[nodiscard]] std::chrono::seconds interval() const {
        return std::chrono::duration_cast<std::chrono::seconds>(peer_lifetime) / 2;
    }
    /// Takes over what is set.
    void apply(const Settings& settings);
};

/// Lives on the server's executor.
class Group final : public Gate {
  public:
    Group(const boost::asio::any_io_executor& executor,
          std::shared_ptr<catalogue::Catalogue> catalogue, GroupOptions options);

    /// Reads the torrents that announces are held against. Blocks for the database; once, before
    /// any use.
    Result<void> load();

    Result<std::int64_t> member(std::string_view passkey) override;
    Result<Realm> torrent(std::int64_t member, const InfoHash& info_hash) override;
    void announced(std::int64_t member, const PeerUpdate& update, TimePoint now) override;

    /// The group has this torrent from now on.
    void add_torrent(const catalogue::Torrent& torrent);
    /// As PreparingFiles::replace, and whoever listens is told when it is news.
    Result<void> prepare(const PreparingDaemon& daemon, std::vector<PreparingFile> files);
    /// The peer is gone, and what it had with it.
    void leave(const net::TcpEndpoint& peer);
    /// All peers of a member who may take part no more are gone.
    void shut_out(std::int64_t member);
    /// Where the tracker itself takes connections.
    void set_endpoints(std::vector<net::TcpEndpoint> endpoints);
    [[nodiscard]] const std::vector<net::TcpEndpoint>& endpoints() const { return endpoints_; }
    /// What move_to() has others do; an empty function ends that.
    using Move = std::function<Result<void>(const std::vector<net::TcpEndpoint>&)>;
    void on_move(Move move) { on_move_ = std::move(move); }
    /// As TrackerServer::move_to. cancelled: the server is gone.
    Result<void> move_to(const std::vector<net::TcpEndpoint>& endpoints);
    /// How end() ends the program; an empty function where it cannot.
    void on_end(std::function<void()> end) { on_end_ = std::move(end); }
    /// The tracker is to end, soon and not from within this call. unsupported: it cannot by this.
    Result<void> end();
    /// By which key members know the tracker.
    void set_fingerprint(const net::KeyFingerprint& key) { fingerprint_ = key; }
    [[nodiscard]] const net::KeyFingerprint& fingerprint() const { return fingerprint_; }
    [[nodiscard]] bool is_tracker(const net::TcpEndpoint& endpoint) const;
    /// Forgets who has not been seen for long, and asks clients what they have; about once a
    /// second.
    void tick(TimePoint now);

    /// What is set holds from now on.
    void change(const Settings& settings);
    void set_plain_login(bool allowed) { options_.allow_plain_login = allowed; }
    /// Called when change() has set an interval; an empty function ends that.
    void on_interval(std::function<void(std::chrono::seconds)> told) {
        on_interval_ = std::move(told);
    }
    /// Whoever gives no sign of life for so long is gone.
    void set_lifetime(Duration lifetime) { presence_.set_lifetime(lifetime); }

    /// Tells those who listen with watch_audience(), once now and then at most once a second, that
    /// the swarm's piece map has changed; until nobody does any more.
    void watch(const InfoHash& info_hash) { watched_[info_hash] = std::nullopt; }
    static std::string watch_audience(const InfoHash& info_hash) {
        return "swarm " + info_hash.hex();
    }

    /// Nobody is asked any more, so that nothing is left to wait for.
    void stop() { prober_.stop(); }

    /// What lets the operator of this process do all that an administrator may, through REST. Made
    /// anew for every Group and kept in memory alone: a secret.
    [[nodiscard]] const std::string& operator_token() const { return operator_token_; }

    [[nodiscard]] const GroupOptions& options() const { return options_; }
    [[nodiscard]] catalogue::Catalogue& catalogue() { return *catalogue_; }
    [[nodiscard]] Presence& presence() { return presence_; }
    [[nodiscard]] const Presence& presence() const { return presence_; }
    [[nodiscard]] PieceMap& pieces() { return pieces_; }
    [[nodiscard]] const PreparingFiles& preparing() const { return preparing_; }
    [[nodiscard]] http::EventHub& events() { return events_; }
    /// How browsers stay logged in.
    [[nodiscard]] const http::PageLogin& page_login() const { return page_login_; }
    /// Guesses at names and codes.
    [[nodiscard]] http::AttemptLimiter& attempts() { return attempts_; }

  private:
    void forget_absent();
    void tell_preparing(const PreparingDaemon& daemon);
    void tell_watchers();

    std::shared_ptr<catalogue::Catalogue> catalogue_;
    GroupOptions options_;
    const std::string operator_token_ = catalogue::new_token();
    Presence presence_;
    PieceMap pieces_;
    PieceProber prober_;
    PreparingFiles preparing_;
    http::EventHub events_;
    http::PageLogin page_login_;
    /// PieceMap::changes() of the swarms that are watched, when it was told last.
    std::map<InfoHash, std::optional<std::uint64_t>> watched_;
    http::AttemptLimiter attempts_;
    std::vector<net::TcpEndpoint> endpoints_;
    net::KeyFingerprint fingerprint_{};
    std::function<void(std::chrono::seconds)> on_interval_;
    Move on_move_;
    std::function<void()> on_end_;
};

}  // namespace shoal::tracker
