#include "engine/peer_list.h"

#include <algorithm>
#include <tuple>

namespace shoal::engine {
namespace {

constexpr std::size_t most_known = 2000;
constexpr Duration first_pause = 2s;
constexpr Duration longest_pause = 10min;
constexpr int most_liars_of_an_address = 8;

}  // namespace

void PeerList::add(const net::TcpEndpoint& peer) {
    if (peer.port() == 0 || peers_.size() >= most_known || is_banned(peer)) return;
    const auto [known, added] = peers_.try_emplace(peer);
    if (added) known->second.order = random_();
}

std::optional<net::TcpEndpoint> PeerList::next(TimePoint now) {
    const auto rank = [](const auto& entry) {
        return std::tuple(entry.second.failures, entry.second.order);
    };
    auto best = peers_.end();
    for (auto it = peers_.begin(); it != peers_.end(); ++it) {
        if (it->second.busy || it->second.not_before > now || is_banned(it->first)) continue;
        if (best == peers_.end() || rank(*it) < rank(*best)) best = it;
    }
    if (best == peers_.end()) return std::nullopt;
    best->second.busy = true;
    return best->first;
}

void PeerList::failed(const net::TcpEndpoint& peer, TimePoint now) {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return;
    Known& known = found->second;
    known.busy = false;
    const auto doubled = first_pause * (1 << std::min(known.failures, 10u));
    known.not_before = now + std::min<Duration>(doubled, longest_pause);
    ++known.failures;
}

void PeerList::ended(const net::TcpEndpoint& peer, TimePoint not_before) {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return;
    found->second.busy = false;
    found->second.failures = 0;
    found->second.not_before = not_before;
}

void PeerList::connected(const net::TcpEndpoint& peer) {
    const auto found = peers_.find(peer);
    if (found != peers_.end()) found->second.busy = true;
}

void PeerList::punish(const net::TcpEndpoint& peer) {
    ban(peer);
    ++liars_[peer.address()];
}

bool PeerList::is_banned(const net::TcpEndpoint& peer) const {
    if (banned_.contains(peer)) return true;
    const auto found = liars_.find(peer.address());
    return found != liars_.end() && found->second >= most_liars_of_an_address;
}

}  // namespace shoal::engine
