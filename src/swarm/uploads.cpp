// The side of a Torrent that serves peers: their requests, and who is choked.
#include <algorithm>
#include <utility>

#include "swarm/torrent.h"

namespace shoal::swarm {
namespace {

/// Requests of one peer that are kept. Beyond it the peer's socket is not read for a while: no
/// request is lost, and the memory stays bounded.
constexpr std::size_t most_uploads = 8192;
/// The longest range a request may name; other clients ask for 16 KiB, a few for more.
constexpr std::uint32_t longest_request = 128 << 10;

const double AH = std::getenv("AH") ? std::atof(std::getenv("AH")) : 0.5;
const double LA = (std::getenv("LA") ? std::atof(std::getenv("LA")) : 768) * 1024;
const int KEEP = std::getenv("KEEP") ? std::atoi(std::getenv("KEEP")) : 1;
constexpr std::size_t least_owed = 3;
constexpr std::size_t most_owed = 128;

/// A line that gives each of its slots more than so many bytes a second has room for another peer,
/// up to so many.
constexpr double rate_of_a_slot = 250e3;
constexpr double most_slots = 40;

}  // namespace

Result<void> Torrent::on_request(Peer& peer, const BlockRange& range, TimePoint now) {
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
    if (first_copies_) first_copies_->promise(range.piece, peer.key, now);
    if (peer.uploads.empty()) outcome_.to_upload.push_back(peer.key);
    peer.uploads.push_back(range);
    return {};
}

bool Torrent::can_pass_on(const Peer& peer) const {
    return std::ranges::any_of(peers_, [&](const auto& entry) {
        const Peer& other = *entry.second;
        return &other != &peer && other.interested_in_us && !other.upload_only;
    });
}

bool Torrent::may_guide(const Peer& peer) const {
    return peer.fast && !peer.choked && peer.interested_in_us && can_pass_on(peer);
}

void Torrent::note_scarce() {
    first_copies_.emplace(pieces_.size(), layout_.piece_length(), random_);
    for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
        const PieceIndex piece(i);
        const bool ours_alone = pieces_.state(piece) == PieceState::on_disk &&
                                pieces_.holders_besides_seeds(piece) == 0;
        if (ours_alone) first_copies_->add(piece);
    }
}

void Torrent::suggest_any(Peer& peer, TimePoint now) {
    const auto piece = first_copies_->promise_any(peer.key, now);
    if (!piece) return;
    peer.guided = true;
    peer.guided_last = now;
    send(peer, wire::SuggestPiece{*piece});
}

void Torrent::keep_guided(TimePoint now) {
    if (!first_copies_ || first_copies_->all_given()) return;
    for (const auto& [key, peer] : peers_) {
        if (!peer->guided || now - peer->guided_last < 1s) continue;
        bool found = false;
        PieceIndex held(0);
        peer->pieces.for_each_set([&](std::size_t i) {
            if (!found) held = PieceIndex(static_cast<std::uint32_t>(i));
            found = true;
        });
        if (!found) continue;
        peer->guided_last = now;
        send(*peer, wire::SuggestPiece{held});
    }
}

void Torrent::guide(TimePoint now) {
    if (!first_copies_ || !first_copies_->any_free()) return;
    const double ahead = std::max(LA, guide_rate_ * AH);
    while (first_copies_->any_free()) {
        Peer* best = nullptr;
        double least = 0;
        for (const auto& [key, peer] : peers_) {
            if (!may_guide(*peer)) continue;
            const std::size_t owed = first_copies_->owed_by(key);
            if (KEEP && owed == 0) { best = peer.get(); least = -1; continue; }
            if (owed >= guide_cap_) continue;
            const double wait = first_copies_->wait_for(key, now);
            if (best == nullptr || wait < least) {
                best = peer.get();
                least = wait;
            }
        }
        if (best == nullptr || (least >= 0 && static_cast<double>(first_copies_->unsent()) >= ahead)) return;
        suggest_any(*best, now);
    }
}

void Torrent::note_arrival(Peer& peer, PieceIndex piece, TimePoint now) {
    if (!first_copies_) return;
    first_copies_->arrived(piece, peer.key, now);
    guide(now);
    if (!first_copies_->all_given()) return;
    // What somebody has already is suggested only to say that there is nothing else.
    for (const auto& [key, other] : peers_) {
        if (!std::exchange(other->guided, false)) continue;
        for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
            const PieceIndex known(i);
            if (other->pieces[known] || pieces_.holders_besides_seeds(known) == 0) continue;
            send(*other, wire::SuggestPiece{known});
            break;
        }
    }
}

void Torrent::on_cancel(Peer& peer, const BlockRange& range) {
    const auto found = std::ranges::find(peer.uploads, range);
    if (found == peer.uploads.end()) return;
    peer.uploads.erase(found);
    if (peer.fast) send(peer, wire::RejectRequest{range});
}

std::optional<BlockRange> Torrent::next_upload(PeerKey key, TimePoint now) {
    Peer& peer = peer_of(key);
    if (peer.uploads.empty()) return std::nullopt;
    const BlockRange range = peer.uploads.front();
    peer.uploads.pop_front();
    if (first_copies_) { first_copies_->sent(range.piece, key, range.length, now); guide(now); }
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

bool Torrent::somebody_waits() const {
    return std::ranges::any_of(peers_, [](const auto& entry) {
        return entry.second->choked && entry.second->interested_in_us;
    });
}

double Torrent::upload_rate(TimePoint now) const {
    double rate = 0;
    for (const auto& [key, peer] : peers_) rate += peer->up.rate(now);
    return rate;
}

std::uint32_t Torrent::slots_for(TimePoint now) const {
    const double rate = upload_rate(now);
    const double by_rate = std::min(rate / rate_of_a_slot, most_slots);
    return std::max(settings_.upload_slots, static_cast<std::uint32_t>(by_rate));
}

void Torrent::rechoke(TimePoint now) {
    choker_.set_slots(slots_for(now));
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
    if (first_copies_) first_copies_->release(peer.key);
}

void Torrent::unchoke(Peer& peer, TimePoint now) {
    peer.choked = false;
    peer.turn_begin = now;
    peer.served_before_turn = peer.up.total();
    // Before it may ask: what it asks for at once should be what is suggested.
    if (finished() && may_guide(peer)) {
        if (!first_copies_) note_scarce();
        if (first_copies_->owed_by(peer.key) == 0) suggest_any(peer, now);
    }
    send(peer, wire::Unchoke{});
}

}  // namespace shoal::swarm
