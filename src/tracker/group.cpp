#include "tracker/group.h"

#include <algorithm>

#include "net/endpoint.h"

namespace shoal::tracker {

void GroupOptions::apply(const Settings& settings) {
    if (settings.access) access = *settings.access;
    if (settings.registration) registration = *settings.registration;
    if (settings.interval) peer_lifetime = 2 * *settings.interval;
}

Group::Group(const boost::asio::any_io_executor& executor,
             std::shared_ptr<catalogue::Catalogue> catalogue, GroupOptions options)
    : catalogue_(std::move(catalogue)),
      options_(options),
      presence_(options.peer_lifetime),
      prober_(executor, pieces_),
      events_(executor),
      page_login_("tracker-" + catalogue_->instance()) {}

Result<void> Group::load() {
    catalogue::PageRequest page{.limit = catalogue::max_page};
    do {
        const auto torrents = catalogue_->publications().torrents(page);
        if (!torrents) return std::unexpected(torrents.error());
        for (const auto& torrent : torrents->items) add_torrent(torrent);
        page.after = torrents->next;
    } while (!page.after.empty());
    return {};
}

Result<std::int64_t> Group::member(std::string_view passkey) {
    if (const auto user = catalogue_->passkeys().user_of(passkey)) return *user;
    if (passkey.empty() && options_.access == Access::open) return 0;
    return fail(ErrorCode::refused, "{}",
                passkey.empty() ? "this tracker serves a group: use a torrent made for you"
                                : "the passkey is not valid (any more): get the torrent anew");
}

Result<Realm> Group::torrent(std::int64_t member, const InfoHash& info_hash) {
    const bool ours = pieces_.piece_count(info_hash).has_value();
    if (ours && member != 0) return Realm::group;
    if (!ours && options_.access == Access::open) return Realm::others;
    if (ours) {
        return fail(ErrorCode::refused, "this torrent is a group's: use the one made for you");
    }
    return fail(ErrorCode::refused, "the group has no such torrent: publish it first");
}

void Group::announced(std::int64_t member, const PeerUpdate& update, TimePoint now) {
    const net::TcpEndpoint peer(update.address, update.port);
    if (update.event == Event::stopped) {
        prober_.left(peer, update.info_hash);
        if (!pieces_.reports(peer)) pieces_.remove(peer, update.info_hash);
        return;
    }
    presence_.announced(peer, member, now);
    if (!pieces_.reports(peer)) prober_.announced(peer, update.info_hash, update.seed, now);
}

void Group::change(const Settings& settings) {
    options_.apply(settings);
    if (settings.interval && on_interval_) on_interval_(*settings.interval);
}

void Group::add_torrent(const catalogue::Torrent& torrent) {
    pieces_.add_torrent(torrent.info_hash, torrent.pieces);
}

void Group::leave(const net::TcpEndpoint& peer) {
    presence_.remove(peer);
    prober_.left(peer);
    pieces_.remove_peer(peer);
    events_.publish("peer_left", {{"address", net::to_text(peer)}});
    forget_absent();
}

/// What daemons prepare is nobody's news once they are gone.
void Group::forget_absent() {
    const auto is_there = [&](std::int64_t daemon) {
        return presence_.daemon_at(daemon).has_value();
    };
    for (const auto& daemon : preparing_.keep(is_there)) tell_preparing(daemon);
}

Result<void> Group::prepare(const PreparingDaemon& daemon, std::vector<PreparingFile> files) {
    const auto changed = preparing_.replace(daemon, std::move(files));
    if (!changed) return std::unexpected(changed.error());
    if (*changed) tell_preparing(daemon);
    return {};
}

/// The list itself may be too long for an event.
void Group::tell_preparing(const PreparingDaemon& daemon) {
    events_.publish("preparing", {{"peer", daemon.daemon}, {"user", daemon.user}});
}

void Group::shut_out(std::int64_t member) {
    for (const auto& peer : presence_.remove_member(member)) leave(peer);
    events_.end_streams_of(std::to_string(member));
}

bool Group::is_tracker(const net::TcpEndpoint& endpoint) const {
    return std::ranges::any_of(endpoints_, [&](const net::TcpEndpoint& own) {
        if (own.port() != endpoint.port()) return false;
        if (!own.address().is_unspecified()) return own.address() == endpoint.address();
        return endpoint.address().is_loopback() || endpoint.address() == net::outward_address();
    });
}

void Group::set_endpoints(std::vector<net::TcpEndpoint> endpoints) {
    endpoints_ = std::move(endpoints);
    const bool single = endpoints_.size() == 1 && !endpoints_.front().address().is_unspecified();
    prober_.call_from(single ? std::optional(endpoints_.front().address()) : std::nullopt);
}

Result<void> Group::move_to(const std::vector<net::TcpEndpoint>& endpoints) {
    if (!on_move_) return fail(ErrorCode::cancelled, "the tracker is being stopped");
    return on_move_(endpoints);
}

Result<void> Group::end() {
    if (!on_end_) {
        return fail(ErrorCode::unsupported,
                    "the tracker cannot be ended from here: end its program");
    }
    on_end_();
    return {};
}

void Group::tick(TimePoint now) {
    for (const auto& peer : presence_.expire(now)) leave(peer);
    forget_absent();  // also those whose address went to another daemon
    prober_.tick(now);
    tell_watchers();
}

void Group::tell_watchers() {
    for (auto watched = watched_.begin(); watched != watched_.end();) {
        auto& [info_hash, told] = *watched;
        const http::Event event{.type = "pieces", .audience = watch_audience(info_hash)};
        if (!events_.is_heard(event)) {
            watched = watched_.erase(watched);
            continue;
        }
        const auto changes = pieces_.changes(info_hash);
        if (changes != told) {
            told = changes;
            events_.publish(event.type, {{"info_hash", info_hash.hex()}}, event.audience);
        }
        ++watched;
    }
}

}  // namespace shoal::tracker
