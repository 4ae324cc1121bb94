#include "tracker/presence.h"

#include <algorithm>
#include <utility>

namespace shoal::tracker {
namespace {

/// newcomers() looks at no more peers in one call; it takes some milliseconds.
constexpr std::size_t most_looked_at = 50'000;

}  // namespace

PresentPeer* Presence::see(const net::TcpEndpoint& endpoint, std::int64_t member, TimePoint now) {
    auto found = peers_.find(endpoint);
    if (found == peers_.end()) {
        if (peers_.size() >= most_peers_) return nullptr;
        found = peers_.try_emplace(endpoint, PresentPeer{.endpoint = endpoint}).first;
        ++addresses_[endpoint.address()];
        ++members_[member];
        ++untold_;
        found->second.member = member;
    }
    give_to(found->second, member);
    found->second.last_seen = now;
    return &found->second;
}

void Presence::announced(const net::TcpEndpoint& endpoint, std::int64_t member, TimePoint now) {
    see(endpoint, member, now);
}

void Presence::give_to(PresentPeer& peer, std::int64_t member) {
    if (peer.member == member) return;
    take_from_member(peer);
    ++members_[member];
    peer.member = member;
    if (std::exchange(peer.told, false)) ++untold_;
}

void Presence::take_from_member(const PresentPeer& peer) {
    const auto counted = members_.find(peer.member);
    if (--counted->second == 0) members_.erase(counted);
}

std::optional<net::TcpEndpoint> Presence::registered(const net::TcpEndpoint& endpoint,
                                                     std::int64_t member, std::int64_t daemon,
                                                     TimePoint now) {
    std::optional<net::TcpEndpoint> before = daemon_at(daemon);
    if (before == endpoint) before.reset();
    if (before) remove(*before);
    PresentPeer* peer = see(endpoint, member, now);
    if (peer == nullptr) return before;
    // Another daemon was there before this one, and its address went to this one.
    if (peer->daemon && *peer->daemon != daemon) daemons_.erase(*peer->daemon);
    peer->daemon = daemon;
    daemons_[daemon] = endpoint;
    if (!std::exchange(peer->told, true)) --untold_;
    return before;
}

bool Presence::remove(const net::TcpEndpoint& endpoint) {
    const auto found = peers_.find(endpoint);
    if (found == peers_.end()) return false;
    erase(found);
    return true;
}

std::vector<net::TcpEndpoint> Presence::remove_member(std::int64_t member) {
    std::vector<net::TcpEndpoint> gone;
    for (auto peer = peers_.begin(); peer != peers_.end();) {
        if (peer->second.member != member) {
            ++peer;
            continue;
        }
        gone.push_back(peer->first);
        peer = erase(peer);
    }
    return gone;
}

std::vector<net::TcpEndpoint> Presence::expire(TimePoint now) {
    std::vector<net::TcpEndpoint> gone;
    for (auto peer = peers_.begin(); peer != peers_.end();) {
        if (now - peer->second.last_seen < lifetime_) {
            ++peer;
            continue;
        }
        gone.push_back(peer->first);
        peer = erase(peer);
    }
    return gone;
}

void Presence::watch_newcomers() {
    for (auto& [endpoint, peer] : peers_) peer.told = true;
    untold_ = 0;
}

std::vector<PresentPeer> Presence::newcomers(std::size_t limit) {
    std::vector<PresentPeer> found;
    auto at = peers_.upper_bound(cursor_);
    const std::size_t share = std::min(peers_.size(), most_looked_at);
    for (std::size_t i = 0; i < share && untold_ > 0 && found.size() < limit; ++i) {
        if (at == peers_.end()) at = peers_.begin();
        auto& [endpoint, peer] = *at++;
        cursor_ = endpoint;
        if (std::exchange(peer.told, true)) continue;
        --untold_;
        found.push_back(peer);
    }
    return found;
}

Presence::Peers::iterator Presence::erase(Peers::iterator peer) {
    if (peer->second.daemon) daemons_.erase(*peer->second.daemon);
    if (!peer->second.told) --untold_;
    take_from_member(peer->second);
    const auto counted = addresses_.find(peer->first.address());
    if (--counted->second == 0) addresses_.erase(counted);
    return peers_.erase(peer);
}

const PresentPeer* Presence::find(const net::TcpEndpoint& endpoint) const {
    const auto found = peers_.find(endpoint);
    return found == peers_.end() ? nullptr : &found->second;
}

std::optional<net::TcpEndpoint> Presence::daemon_at(std::int64_t daemon) const {
    const auto found = daemons_.find(daemon);
    if (found == daemons_.end()) return std::nullopt;
    return found->second;
}

}  // namespace shoal::tracker
