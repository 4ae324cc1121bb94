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

/// A seed has promised so much more than it has sent that its line never waits: what it sends in so
/// many seconds, and a piece a peer, but not less than so many bytes.
constexpr double guide_ahead_seconds = 0.85;
constexpr double least_ahead = 1 << 20;
/// Pieces that one peer may owe; it keeps no more suggestions.
constexpr std::size_t most_owed = 128;
/// How long a peer may leave a piece that it was promised untouched.
constexpr Duration promise_patience = 15s;
/// Whoever takes nothing for so long does not keep others from being promised more.
constexpr Duration taking_patience = 3s;
/// Once every piece is given, a seed still leaves peers to each other while they hold between so
/// many and so many pieces alone, for each that takes data. With fewer left it can help those who
/// are last; with more, their lines are what is scarce.
constexpr double few_alone = 0.25;
constexpr double many_alone = 1.5;
/// A peer that nothing was suggested to for so long is told that there is more to come.
constexpr Duration reminder_period = 1s;

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

bool Torrent::takes_data(const Peer& peer) {
    return peer.interested_in_us && !peer.upload_only;
}

bool Torrent::may_guide(const Peer& peer) const {
    if (!finished() || !peer.fast || peer.choked || !peer.interested_in_us) return false;
    // There must be somebody to pass it on to.
    return std::ranges::any_of(peers_, [&](const auto& entry) {
        return entry.second.get() != &peer && takes_data(*entry.second);
    });
}

void Torrent::begin_guiding() {
    first_copies_.emplace(pieces_.size(), layout_.piece_length(), random_);
    for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
        const PieceIndex piece(i);
        const bool ours_alone = pieces_.state(piece) == PieceState::on_disk &&
                                pieces_.holders_besides_seeds(piece) == 0;
        if (ours_alone) first_copies_->add(piece);
    }
}

void Torrent::suggest(Peer& peer, PieceIndex piece, TimePoint now) {
    peer.suggested_at = now;
    send(peer, wire::SuggestPiece{piece});
}

bool Torrent::promise_to(Peer& peer, TimePoint now) {
    const auto piece = first_copies_->promise_any(peer.key, now);
    if (piece) suggest(peer, *piece, now);
    return piece.has_value();
}

void Torrent::guide_idle(Peer& peer, TimePoint now) {
    if (!may_guide(peer)) return;
    if (!first_copies_) begin_guiding();
    if (first_copies_->owed_by(peer.key) == 0) promise_to(peer, now);
}

void Torrent::guide_next(TimePoint now) {
    while (first_copies_->any_free() && first_copies_->unsent() < guide_ahead_) {
        Peer* next = nullptr;
        double least = 0;
        for (const auto& [key, peer] : peers_) {
            if (peer->choked || first_copies_->owed_by(key) >= most_owed) continue;
            if (!may_guide(*peer)) continue;
            const double wait = first_copies_->wait_for(key, now);
            if (next != nullptr && wait >= least) continue;
            next = peer.get();
            least = wait;
        }
        if (next == nullptr || !promise_to(*next, now)) return;
    }
}

double Torrent::takers() const {
    return static_cast<double>(std::ranges::count_if(peers_, [](const auto& entry) {
        return !entry.second->choked && takes_data(*entry.second);
    }));
}

bool Torrent::is_help_due(TimePoint now) const {
    // Whoever keeps a piece to itself for longer is not waited for.
    const auto alone = static_cast<double>(first_copies_->held_alone(now - taking_patience));
    return alone <= takers() * few_alone || alone > takers() * many_alone;
}

void Torrent::keep_guiding(TimePoint now) {
    if (!first_copies_) return;
    first_copies_->release_older(now - promise_patience);
    first_copies_->overlook_older(now - taking_patience);
    const double a_piece_each = takers() * static_cast<double>(layout_.piece_length());
    guide_ahead_ = static_cast<ByteCount>(
        std::max({least_ahead, a_piece_each, line_rate(now) * guide_ahead_seconds}));
    for (const auto& [key, peer] : peers_) guide_idle(*peer, now);
    guide_next(now);
    const bool guided = std::ranges::any_of(
        peers_, [](const auto& entry) { return entry.second->suggested_at.has_value(); });
    if (!guided) return;
    if (first_copies_->all_given() && is_help_due(now)) return end_guiding();
    for (const auto& [key, peer] : peers_) {
        if (peer->choked || !peer->suggested_at) continue;
        if (now - *peer->suggested_at < reminder_period) continue;
        const auto known = find_piece([&](PieceIndex piece) { return peer->pieces[piece]; });
        if (known) suggest(*peer, *known, now);
    }
}

void Torrent::note_arrival(Peer& peer, PieceIndex piece, TimePoint now) {
    if (!first_copies_) return;
    const auto freed = first_copies_->arrived(piece, peer.key, now);
    if (freed && knows(*freed)) guide_idle(peer_of(*freed), now);
    guide_next(now);
}

void Torrent::end_guiding() {
    for (const auto& [key, peer] : peers_) {
        if (!std::exchange(peer->suggested_at, std::nullopt)) continue;
        const auto of_others = find_piece([&](PieceIndex piece) {
            return !peer->pieces[piece] && pieces_.holders_besides_seeds(piece) > 0;
        });
        if (of_others) send(*peer, wire::SuggestPiece{*of_others});
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
    if (first_copies_) {
        first_copies_->sent(range.piece, key, range.length, now);
        guide_next(now);
    }
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

double Torrent::line_rate(TimePoint now) const {
    double rate = 0;
    for (const auto& [key, peer] : peers_) rate += peer->up.rate(now);
    return rate;
}

std::uint32_t Torrent::slots_for(TimePoint now) const {
    const double by_rate = std::min(line_rate(now) / rate_of_a_slot, most_slots);
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
    guide_idle(peer, now);
    send(peer, wire::Unchoke{});
}

}  // namespace shoal::swarm
