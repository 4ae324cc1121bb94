// The side of a Torrent that fetches: which block to ask of which peer, and what to do when
// answers do not come.
#include <algorithm>
#include <cassert>
#include <utility>

#include "swarm/torrent.h"

namespace shoal::swarm {
namespace {

/// Requesters of one block in the endgame. More would only repeat what is already coming.
constexpr std::uint32_t most_requesters = 3;
/// Requests are sent in groups, so that a block does not cost a message and a system call each.
constexpr std::uint32_t largest_group = 32;
/// How long a stalled peer may sit on a block that it has begun to send.
constexpr Duration hostage_patience = 30s;
/// After this long without an answer, requests to a stalled peer count as lost.
constexpr Duration forget_after = 40s;
/// Suggestions of one peer that are kept.
constexpr std::size_t most_suggested = 128;
/// A seed that has suggested pieces is asked for no others for so long: it has promised them to
/// others, from whom they will come.
constexpr Duration guide_patience = 3s;
/// In which those who come together at the start find each other.
constexpr Duration meeting_time = 500ms;

enum class Trust : std::uint8_t { proven, unknown, stalled };

Trust trust_in(const Peer& peer) {
    if (peer.stalled) return Trust::stalled;
    return peer.down.total() > 0 ? Trust::proven : Trust::unknown;
}

}  // namespace

BegunPiece* Torrent::begun(PieceIndex piece) const {
    const auto found = begun_.find(piece);
    return found == begun_.end() ? nullptr : found->second.get();
}

std::deque<Outstanding>::iterator Torrent::find_outstanding(Peer& peer, const BlockRange& range) {
    return std::ranges::find(peer.outstanding, range, &Outstanding::range);
}

bool Torrent::may_request(const Peer& peer) const {
    if (paused_ || !peer.interesting || finished()) return false;
    return !peer.chokes_us || !peer.allowed_fast.empty();
}

bool Torrent::may_ask_for(const Peer& peer, PieceIndex piece) const {
    return peer.pieces[piece] && (!peer.chokes_us || peer.allowed_fast.contains(piece));
}

bool Torrent::may_take(const Peer& peer, const BegunPiece& begun) const {
    if (!may_ask_for(peer, begun.piece())) return false;
    if (begun.only_from) return *begun.only_from == peer.key;
    if (!begun.was_author(peer.key)) return true;
    // It has not kept its word; it gets another chance once nobody else is left.
    return std::ranges::none_of(peers_, [&](const auto& entry) {
        const Peer& other = *entry.second;
        return !other.stalled && may_request(other) && may_ask_for(other, begun.piece()) &&
               !begun.was_author(other.key);
    });
}

void Torrent::request_from_all(TimePoint now) {
    if (paused_ || finished() || has_nothing_to_ask()) return;
    // Whoever has delivered comes first: those that only say that they have everything must not
    // take the last blocks in turn, for ever.
    std::vector<std::pair<Trust, Peer*>> ready;
    for (const auto& [key, peer] : peers_) {
        if (may_request(*peer) && has_room(*peer)) ready.emplace_back(trust_in(*peer), peer.get());
    }
    std::ranges::stable_sort(ready, {}, &std::pair<Trust, Peer*>::first);
    for (const auto& [trust, peer] : ready) {
        if (has_nothing_to_ask()) break;
        request_more(*peer, now);
    }
}

bool Torrent::has_nothing_to_ask() const {
    // No block is open, nothing can be begun, and it is not the endgame.
    return open_.empty() && pieces_.missing() > 0 && !has_memory_for(smallest_piece());
}

ByteCount Torrent::smallest_piece() const {
    return layout_.piece_size(PieceIndex(pieces_.size() - 1));
}

bool Torrent::has_memory_for(ByteCount size) const {
    // One piece may always be begun, or a torrent with huge pieces would never start.
    if (budget_.used == 0) return true;
    return budget_.used + size <= budget_.limit && budget_.unstored <= budget_.unstored_limit;
}

bool Torrent::has_room(const Peer& peer) const {
    const std::uint32_t window = peer.window.size();
    const auto waiting = static_cast<std::uint32_t>(peer.outstanding.size());
    if (waiting >= window) return false;
    const std::uint32_t group = std::min(window / 4, largest_group);
    return waiting == 0 || window - waiting >= group;
}

void Torrent::request_more(Peer& peer, TimePoint now) {
    if (!may_request(peer) || !has_room(peer)) return;
    const std::uint32_t window = peer.window.size();
    for (auto i = static_cast<std::uint32_t>(peer.outstanding.size()); i < window; ++i) {
        if (!request_one(peer, now)) break;
    }
}

bool Torrent::request_one(Peer& peer, TimePoint now) {
    const bool guided = is_guided(peer, now);
    BegunPiece* piece = open_piece_for(peer, guided);
    if (piece == nullptr) piece = begin_piece_for(peer, guided);
    if (piece != nullptr) {
        request(peer, *piece, piece->first_open(), now);
        return true;
    }
    if (guided) return false;
    if (pieces_.missing() > 0 && peer.outstanding.empty()) make_memory();
    return request_duplicate(peer, now);
}

void Torrent::on_suggest(Peer& peer, PieceIndex piece, TimePoint now) {
    if (piece.value() >= pieces_.size()) return;
    if (pieces_.have()[piece]) {
        // This is how a seed says that there is nothing for us now, and more to come.
        if (peer.guided_at) peer.guided_at = now;
        return;
    }
    if (pieces_.holders_besides_seeds(piece) > 0) {
        // Others have it already: there is nothing else.
        peer.guided_at.reset();
        return;
    }
    if (pieces_.state(piece) != PieceState::missing) return;
    if (peer.suggested.size() >= most_suggested) peer.suggested.pop_front();
    peer.suggested.push_back(piece);
    if (!peer.guided_at) peer.guided_since = now;
    peer.guided_at = now;
}

bool Torrent::is_guided(const Peer& peer, TimePoint now) const {
    if (!peer.counted_as_seed || !peer.guided_at) return false;
    if (now - *peer.guided_at >= guide_patience) return false;
    // What it has promised to others does not come from them, whatever it says.
    if (now - std::max(last_block_, peer.guided_since) >= guide_patience) return false;
    // With nobody else to get the rest from, there is no use in waiting for it.
    return now - peer.guided_since < meeting_time ||
           std::ranges::any_of(
               peers_, [](const auto& entry) { return !entry.second->counted_as_seed; });
}

std::optional<PieceIndex> Torrent::next_suggested(Peer& peer) {
    while (!peer.suggested.empty()) {
        const PieceIndex piece = peer.suggested.front();
        const bool scarce = pieces_.state(piece) == PieceState::missing &&
                            pieces_.holders_besides_seeds(piece) == 0;
        if (scarce && may_ask_for(peer, piece)) return piece;
        peer.suggested.pop_front();
    }
    return std::nullopt;
}

BegunPiece* Torrent::open_piece_for(const Peer& peer, bool guided) {
    for (std::size_t i = 0; i < open_.size();) {
        BegunPiece* piece = open_[i];
        if (piece->open_count() == 0) {
            piece->listed_open = false;
            open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
            continue;
        }
        const bool left_to_others = guided && pieces_.holders_besides_seeds(piece->piece()) > 0;
        if (!left_to_others && may_take(peer, *piece)) {
            const ByteCount size = layout_.piece_size(piece->piece());
            if (piece->parked && budget_.used + size <= budget_.limit) {
                piece->parked = false;
                budget_.used += size;
            }
            if (!piece->parked) {
                if (piece->single_author && !piece->only_from) piece->only_from = peer.key;
                return piece;
            }
        }
        ++i;
    }
    return nullptr;
}

BegunPiece* Torrent::begin_piece_for(Peer& peer, bool guided) {
    // With no room for the smallest piece there is nothing to look for.
    if (!has_memory_for(smallest_piece())) return nullptr;
    auto piece = next_suggested(peer);
    if (!piece && guided) return nullptr;
    if (!piece) {
        piece = pieces_.rarest(peer.counted_as_seed,
                               [&](PieceIndex index) { return may_ask_for(peer, index); });
    }
    if (!piece) return nullptr;
    const ByteCount size = layout_.piece_size(*piece);
    if (!has_memory_for(size)) return nullptr;
    budget_.used += size;
    pieces_.begin(*piece);
    auto begun = std::make_unique<BegunPiece>(*piece, layout_.piece_data_size(*piece));
    if (const auto failed = std::ranges::find(again_, *piece); failed != again_.end()) {
        again_.erase(failed);
        begun->single_author = true;
        begun->only_from = peer.key;
        single_author_.push_back(begun.get());
    }
    note_open(*begun);
    return (begun_[*piece] = std::move(begun)).get();
}

void Torrent::make_memory() {
    // Every begun piece waits for peers that are not there, and this peer could give others: the
    // largest idle one gives up its memory.
    BegunPiece* idle = nullptr;
    for (BegunPiece* begun : open_) {
        if (begun->parked || begun->complete() || !begun->idle()) continue;
        if (idle == nullptr || begun->piece() < idle->piece()) idle = begun;
    }
    if (idle == nullptr) return;
    idle->parked = true;
    outcome_.to_park.push_back(idle->piece());
}

void Torrent::piece_parked(PieceIndex piece, TimePoint now) {
    budget_.used -= layout_.piece_size(piece);
    request_from_all(now);
}

bool Torrent::request_duplicate(Peer& peer, TimePoint now) {
    // The endgame: all that is missing has been asked for. A peer with nothing to do asks for what
    // others have not delivered yet, so that the slowest does not decide when we are done.
    if (pieces_.missing() > 0 || !peer.outstanding.empty() || peer.stalled) return false;
    BegunPiece* best = nullptr;
    std::uint32_t best_block = 0;
    for (const auto& [index, piece] : begun_) {
        if (piece->complete() || piece->parked || !may_take(peer, *piece)) continue;
        for (std::uint32_t block = 0; block < piece->block_count(); ++block) {
            if (piece->state(block) != BlockState::requested) continue;
            const std::uint32_t requesters = piece->requesters(block);
            if (requesters >= most_requesters) continue;
            const auto rank = std::pair(requesters, piece->range(block));
            if (best == nullptr ||
                rank < std::pair(best->requesters(best_block), best->range(best_block))) {
                best = piece.get();
                best_block = block;
            }
        }
    }
    if (best == nullptr) return false;
    request(peer, *best, best_block, now);
    return true;
}

void Torrent::request(Peer& peer, BegunPiece& begun, std::uint32_t block, TimePoint now) {
    begun.request(block);
    peer.outstanding.push_back({begun.range(block), now, false});
    if (peer.outstanding.size() == 1) peer.last_block = now;
    send(peer, wire::Request{begun.range(block)});
}

bool Torrent::begin_block(PeerKey key, const BlockRange& range, TimePoint) {
    Peer& peer = peer_of(key);
    const auto found = find_outstanding(peer, range);
    peer.in_order = found == peer.outstanding.begin() ? peer.in_order + 1 : 0;
    if (found == peer.outstanding.end()) return false;
    BegunPiece* piece = receivable(range);
    if (piece == nullptr) return false;
    piece->start(range.offset / block_size, key);
    return true;
}

BegunPiece* Torrent::receivable(const BlockRange& range) const {
    BegunPiece* piece = begun(range.piece);
    if (piece == nullptr || piece->parked) return nullptr;
    const auto block = piece->block_of(range);
    if (!block) return nullptr;
    const BlockState state = piece->state(*block);
    return state == BlockState::open || state == BlockState::requested ? piece : nullptr;
}

void Torrent::expect_blocks(PeerKey key, std::size_t most, std::vector<BlockRange>& blocks) const {
    const Peer& peer = peer_of(key);
    const auto count = std::min<std::size_t>(most, peer.in_order);
    auto next = peer.outstanding.begin();
    const auto being_sent = [&](const BlockRange& range) {
        const BegunPiece* piece = begun(range.piece);
        const std::uint32_t block = range.offset / block_size;
        return piece != nullptr && piece->state(block) == BlockState::receiving &&
               piece->sender(block) == key;
    };
    if (next != peer.outstanding.end() && being_sent(next->range)) ++next;
    for (std::size_t i = 0; i < count && next != peer.outstanding.end(); ++i, ++next) {
        if (receivable(next->range) == nullptr) break;
        blocks.push_back(next->range);
    }
}

void Torrent::abort_block(const BlockRange& range) {
    BegunPiece& piece = *begun_.at(range.piece);
    piece.abort(range.offset / block_size);
    note_open(piece);
}

void Torrent::end_block(PeerKey key, const BlockRange& range, TimePoint now) {
    Peer& peer = peer_of(key);
    BegunPiece& piece = *begun_.at(range.piece);
    const std::uint32_t block = range.offset / block_size;
    piece.finish(block);

    const auto found = find_outstanding(peer, range);
    assert(found != peer.outstanding.end());
    const Outstanding answered = *found;
    peer.outstanding.erase(found);
    if (!answered.released) piece.release(block);
    if (piece.requesters(block) > 0 || answered.released) cancel_elsewhere(peer, range);

    peer.stalled = false;
    peer.last_block = last_block_ = now;
    if (is_guided(peer, now) && pieces_.holders_besides_seeds(range.piece) == 0)
        peer.guided_at = now;
    peer.down.add(range.length, now);
    peer.window.on_block(range.length, answered.sent, peer.outstanding.empty(), now);
    if (piece.complete()) {
        budget_.unstored += layout_.piece_size(range.piece);
        pieces_.verify(range.piece);
        outcome_.to_store.push_back(range.piece);
    }
    request_more(peer, now);
}

void Torrent::refused_block(PeerKey key, const BlockRange& range, TimePoint now) {
    Peer& peer = peer_of(key);
    wasted_ += range.length;
    if (const auto found = find_outstanding(peer, range); found != peer.outstanding.end()) {
        BegunPiece* piece = begun(range.piece);
        if (piece != nullptr && !found->released) {
            const std::uint32_t block = range.offset / block_size;
            piece->release(block);
            note_open(*piece);
        }
        peer.outstanding.erase(found);
        peer.last_block = now;
    }
    request_more(peer, now);
}

void Torrent::note_open(BegunPiece& piece) {
    if (!std::exchange(piece.listed_open, true)) open_.push_back(&piece);
}

void Torrent::cancel_elsewhere(const Peer& except, const BlockRange& range) {
    for (const auto& [key, other] : peers_) {
        if (key == except.key) continue;
        const auto found = find_outstanding(*other, range);
        if (found == other->outstanding.end()) continue;
        if (!found->released) begun_.at(range.piece)->release(range.offset / block_size);
        send(*other, wire::Cancel{range});
        other->outstanding.erase(found);
    }
}

void Torrent::release_requests(Peer& peer, bool keep_waiting) {
    for (auto& request : peer.outstanding) {
        if (request.released) continue;
        request.released = true;
        if (BegunPiece* piece = begun(request.range.piece)) {
            piece->release(request.range.offset / block_size);
            note_open(*piece);
        }
    }
    if (!keep_waiting) peer.outstanding.clear();
    // A piece that was to have this peer as its only author must not wait for it.
    for (BegunPiece* begun : single_author_) {
        if (begun->only_from == peer.key) begun->give_up_author();
    }
}

void Torrent::give_up_authors() {
    for (BegunPiece* begun : single_author_) {
        if (!begun->only_from || begun->open_count() == 0) continue;
        const Peer& author = peer_of(*begun->only_from);
        if (!may_request(author) || !may_ask_for(author, begun->piece())) begun->give_up_author();
    }
}

void Torrent::on_reject(Peer& peer, const BlockRange& range) {
    const auto found = find_outstanding(peer, range);
    if (found == peer.outstanding.end()) return;
    if (!found->released) {
        if (BegunPiece* piece = begun(range.piece)) {
            piece->release(range.offset / block_size);
            note_open(*piece);
            if (piece->only_from == peer.key) piece->give_up_author();
        }
    }
    peer.outstanding.erase(found);
    // A peer that rejects what it has just allowed or unchoked would be asked for ever.
    peer.allowed_fast.erase(range.piece);
}

void Torrent::find_stalled(TimePoint now) {
    for (const auto& [key, peer] : peers_) {
        if (peer->outstanding.empty()) continue;
        const Duration silent = now - peer->last_block;
        if (silent < peer->window.patience()) continue;
        if (!std::exchange(peer->stalled, true)) peer->window.on_stall();
        if (silent > hostage_patience && is_receiving_from(key)) {
            // Nobody else may write a block that this peer has begun to send and does not end.
            disconnect(key, "a block that does not end", false);
        } else {
            // Some clients drop requests without a word; a single new one shows if it serves at
            // all.
            release_requests(*peer, silent <= forget_after);
        }
    }
}

bool Torrent::is_receiving_from(PeerKey key) const {
    for (const auto& [piece, begun] : begun_) {
        for (std::uint32_t block = 0; block < begun->block_count(); ++block) {
            if (begun->state(block) == BlockState::receiving && begun->sender(block) == key) {
                return true;
            }
        }
    }
    return false;
}

void Torrent::choose_source(TimePoint now) {
    constexpr Duration unchoke_patience = 15s;
    if (source_) {
        const Peer& source = peer_of(*source_);
        const bool hopeless = source.useful == 0 || source.stalled ||
                              (source.chokes_us && now - source.last_block > unchoke_patience);
        if (!hopeless || finished()) return;
    }
    // The one with most to give; the present one only if there is no other.
    Peer* best = nullptr;
    for (const auto& [key, peer] : peers_) {
        if (peer->useful == 0 || source_ == key) continue;
        if (best == nullptr || peer->useful > best->useful) best = peer.get();
    }
    if (best == nullptr) return;
    const auto former = std::exchange(source_, best->key);
    best->last_block = now;
    if (former && knows(*former)) {
        release_requests(peer_of(*former), false);
        update_interest(peer_of(*former));
    }
    update_interest(*best);
}

}  // namespace shoal::swarm
