// The side of a Torrent that serves peers: their requests, and who is choked.
#include <algorithm>

#include "swarm/torrent.h"

namespace shoal::swarm {
namespace {

/// Requests of one peer that are kept. Beyond it the peer's socket is not read for a while: no
/// request is lost, and the memory stays bounded.
constexpr std::size_t most_uploads = 4096;
/// The longest range a request may name; other clients ask for 16 KiB, a few for more.
constexpr std::uint32_t longest_request = 128 << 10;

}  // namespace

Result<void> Torrent::on_request(Peer& peer, const BlockRange& range) {
    const bool inside = range.piece.value() < pieces_.size() && range.length > 0 &&
                        range.length <= longest_request &&
                        range.offset < layout_.piece_size(range.piece) &&
                        range.length <= layout_.piece_size(range.piece) - range.offset;
    if (!inside) {
        return fail(ErrorCode::bad_data, "a request for {} bytes at {} of piece {}", range.length,
                    range.offset, range.piece.value());
    }
    if (peer.choked || pieces_.state(range.piece) != PieceState::on_disk) {
        if (peer.fast) send(peer, wire::RejectRequest{range});
        return {};
    }
    if (peer.uploads.empty()) outcome_.to_upload.push_back(peer.key);
    peer.uploads.push_back(range);
    return {};
}

void Torrent::on_cancel(Peer& peer, const BlockRange& range) {
    const auto found = std::ranges::find(peer.uploads, range);
    if (found == peer.uploads.end()) return;
    peer.uploads.erase(found);
    if (peer.fast) send(peer, wire::RejectRequest{range});
}

std::optional<BlockRange> Torrent::next_upload(PeerKey key) {
    Peer& peer = peer_of(key);
    if (peer.uploads.empty()) return std::nullopt;
    const BlockRange range = peer.uploads.front();
    peer.uploads.pop_front();
    return range;
}

bool Torrent::has_upload(PeerKey key) const {
    return !peer_of(key).uploads.empty();
}

void Torrent::uploaded(PeerKey key, std::uint32_t bytes, TimePoint now) {
    peer_of(key).up.add(bytes, now);
}

bool Torrent::wants_input(PeerKey key) const {
    return peer_of(key).uploads.size() < most_uploads;
}

bool Torrent::has_free_slot() const {
    return std::ranges::count_if(peers_, [](const auto& entry) { return !entry.second->choked; }) <
           choker_.slots();
}

void Torrent::rechoke(TimePoint now) {
    std::vector<ChokeCandidate> candidates;
    for (const auto& [key, peer] : peers_) {
        if (!peer->interested_in_us) continue;
        candidates.push_back({.peer = key,
                              .unchoked = !peer->choked,
                              .gives = peer->down.rate(now),
                              .served = peer->up.total() - peer->served_before_turn,
                              .unchoked_since = peer->turn_begin,
                              .choked_since = peer->turn_begin});
    }
    const auto chosen = choker_.choose(candidates, finished(), now, random_);
    for (const auto& [key, peer] : peers_) {
        const bool unchoked = std::ranges::find(chosen, key) != chosen.end();
        if (unchoked && peer->choked) unchoke(*peer, now);
        if (!unchoked && !peer->choked) choke(*peer, now);
    }
    next_rechoke_ = now + Choker::period;
}

void Torrent::choke(Peer& peer, TimePoint now) {
    peer.choked = true;
    peer.turn_begin = now;
    send(peer, wire::Choke{});
    if (peer.fast) {
        for (const auto& range : peer.uploads) send(peer, wire::RejectRequest{range});
    }
    peer.uploads.clear();
}

void Torrent::unchoke(Peer& peer, TimePoint now) {
    peer.choked = false;
    peer.turn_begin = now;
    peer.served_before_turn = peer.up.total();
    send(peer, wire::Unchoke{});
}

}  // namespace shoal::swarm
