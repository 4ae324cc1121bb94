#include "swarm/torrent.h"

#include <algorithm>
#include <cassert>

#include "wire/encoder.h"

namespace shoal::swarm {

Torrent::Torrent(const metainfo::Layout& layout, const Bitfield& have, const Bitfield& wanted,
                 Settings settings, PieceBudget& budget, std::uint64_t seed)
    : layout_(layout),
      settings_(settings),
      budget_(budget),
      random_(seed),
      pieces_(have, wanted, random_),
      choker_(settings.upload_slots) {}

Torrent::~Torrent() {
    for (const auto& [piece, begun] : begun_) {
        if (!begun->parked) budget_.used -= layout_.piece_size(piece);
        if (begun->complete()) budget_.unstored -= layout_.piece_size(piece);
    }
}

void Torrent::add_peer(PeerKey key, PeerTraits traits, TimePoint now) {
    auto& slot = peers_[key];
    assert(!slot);
    slot = std::make_unique<Peer>();
    Peer& peer = *slot;
    peer.key = key;
    peer.fast = traits.fast;
    peer.pieces = Bitfield(pieces_.size());
    peer.turn_begin = now;
    const Bitfield& have = pieces_.have();
    if (peer.fast && have.all()) {
        send(peer, wire::HaveAll{});
    } else if (peer.fast && have.none()) {
        send(peer, wire::HaveNone{});
    } else if (!have.none()) {
        const ByteVector bits = have.to_bytes();
        send(peer, wire::BitfieldMessage{bits});
    }
}

void Torrent::remove_peer(PeerKey key, TimePoint now) {
    const auto found = peers_.find(key);
    if (found == peers_.end()) return;
    const std::unique_ptr<Peer> peer = std::move(found->second);
    peers_.erase(found);
    for (const auto& [piece, begun] : begun_) {
        for (std::uint32_t block = 0; block < begun->block_count(); ++block) {
            if (begun->state(block) == BlockState::receiving && begun->sender(block) == key) {
                begun->abort(block);
                note_open(*begun);
            }
        }
    }
    release_requests(*peer, false);
    for (BegunPiece* begun : single_author_) begun->forget_author(key);
    const Bitfield gone = peer->counted_as_seed ? Bitfield(pieces_.size()) : peer->pieces;
    forget_pieces(*peer);
    if (first_copies_) {
        first_copies_->forget(key);
        // A peer that has everything goes on giving it, though not to a seed.
        gone.for_each_set([&](std::size_t i) {
            const PieceIndex piece(static_cast<std::uint32_t>(i));
            if (pieces_.holders_besides_seeds(piece) == 0) first_copies_->add(piece);
        });
    }
    if (source_ == key) source_.reset();
    if (!peer->choked) rechoke(now);
    request_from_all(now);
}

/// What each message does; one overload a message.
struct Torrent::Receiver {
    Torrent& torrent;
    Peer& peer;
    TimePoint now;

    Result<void> operator()(const wire::Have& m) const {
        if (auto ok = torrent.on_have(peer, m.piece); !ok) return ok;
        torrent.note_arrival(peer, m.piece, now);
        return more();
    }
    Result<void> operator()(const wire::BitfieldMessage& m) const {
        if (auto ok = torrent.on_bitfield(peer, m.bits); !ok) return ok;
        peer.pieces.for_each_set([&](std::size_t i) {
            torrent.note_arrival(peer, PieceIndex(static_cast<std::uint32_t>(i)), now);
        });
        return more();
    }
    Result<void> operator()(wire::HaveAll) const {
        torrent.on_have_all(peer);
        return more();
    }
    Result<void> operator()(wire::HaveNone) const {
        torrent.forget_pieces(peer);
        return {};
    }
    Result<void> operator()(wire::Choke) const {
        peer.chokes_us = true;
        // With the fast extension each request is answered all the same, if only by a reject.
        if (peer.fast) return {};
        torrent.release_requests(peer, false);
        torrent.request_from_all(now);
        return {};
    }
    Result<void> operator()(wire::Unchoke) const {
        peer.chokes_us = false;
        return more();
    }
    Result<void> operator()(wire::Interested) const {
        peer.interested_in_us = true;
        if (peer.choked && torrent.has_free_slot()) torrent.rechoke(now);
        return {};
    }
    Result<void> operator()(wire::NotInterested) const {
        peer.interested_in_us = false;
        if (peer.choked) return {};
        torrent.choke(peer, now);
        torrent.rechoke(now);
        return {};
    }
    Result<void> operator()(const wire::Request& m) const {
        return torrent.on_request(peer, m.range, now);
    }
    Result<void> operator()(const wire::Cancel& m) const {
        torrent.on_cancel(peer, m.range);
        return {};
    }
    Result<void> operator()(const wire::RejectRequest& m) const {
        if (!peer.fast) return fail(ErrorCode::bad_data, "a reject without the fast extension");
        torrent.on_reject(peer, m.range);
        torrent.request_from_all(now);
        return {};
    }
    Result<void> operator()(const wire::AllowedFast& m) const {
        constexpr std::size_t most_allowed = 64;
        if (m.piece.value() >= torrent.pieces_.size()) return {};
        if (peer.allowed_fast.size() < most_allowed) peer.allowed_fast.insert(m.piece);
        return more();
    }
    Result<void> operator()(wire::KeepAlive) const { return {}; }
    Result<void> operator()(const wire::SuggestPiece& m) const {
        torrent.on_suggest(peer, m.piece, now);
        return more();
    }
    Result<void> operator()(const wire::Extended&) const { return {}; }
    Result<void> operator()(const wire::Ignored&) const { return {}; }

  private:
    [[nodiscard]] Result<void> more() const {
        torrent.request_more(peer, now);
        return {};
    }
};

Result<void> Torrent::receive(PeerKey key, const wire::Message& message, TimePoint now) {
    return std::visit(Receiver{*this, peer_of(key), now}, message);
}

void Torrent::set_upload_only(PeerKey key, bool upload_only) {
    Peer& peer = peer_of(key);
    peer.upload_only = upload_only;
    drop_if_useless(peer);
}

void Torrent::set_request_limit(PeerKey key, std::uint32_t requests) {
    peer_of(key).window.set_limit(requests);
}

Result<void> Torrent::on_bitfield(Peer& peer, Bytes bits) {
    Bitfield pieces(pieces_.size());
    if (!pieces.assign(bits)) return fail(ErrorCode::bad_data, "a bitfield of the wrong size");
    // It may follow haves, and others: aria2 sends one in place of many haves.
    forget_pieces(peer);
    peer.pieces = std::move(pieces);
    note_pieces(peer);
    return {};
}

void Torrent::on_have_all(Peer& peer) {
    forget_pieces(peer);
    peer.pieces.fill(true);
    note_pieces(peer);
}

void Torrent::note_pieces(Peer& peer) {
    peer.counted_as_seed = peer.pieces.all();
    if (peer.counted_as_seed) {
        pieces_.add_seed();
    } else {
        pieces_.add_holder(peer.pieces);
    }
    peer.useful = 0;
    peer.pieces.for_each_set([&](std::size_t i) {
        if (wanted_of(PieceIndex(static_cast<std::uint32_t>(i)))) ++peer.useful;
    });
    update_interest(peer);
    drop_if_useless(peer);
}

void Torrent::forget_pieces(Peer& peer) {
    if (peer.counted_as_seed) {
        pieces_.remove_seed();
    } else {
        pieces_.remove_holder(peer.pieces);
    }
    peer.counted_as_seed = false;
    peer.pieces.fill(false);
    peer.useful = 0;
}

Result<void> Torrent::on_have(Peer& peer, PieceIndex piece) {
    if (piece.value() >= pieces_.size()) {
        return fail(ErrorCode::bad_data, "a have for piece {} of {}", piece.value(),
                    pieces_.size());
    }
    if (!peer.pieces.set(piece)) return {};
    if (peer.pieces.all()) {
        // It moves from the holders to the seeds.
        peer.pieces.clear(piece);
        pieces_.remove_holder(peer.pieces);
        peer.pieces.set(piece);
        pieces_.add_seed();
        peer.counted_as_seed = true;
        drop_if_useless(peer);
    } else {
        pieces_.add_holder(piece);
    }
    if (wanted_of(piece)) {
        ++peer.useful;
        update_interest(peer);
    }
    return {};
}

bool Torrent::wanted_of(PieceIndex piece) const {
    const PieceState state = pieces_.state(piece);
    return state != PieceState::not_wanted && state != PieceState::on_disk;
}

void Torrent::update_interest(Peer& peer) {
    const bool interesting = peer.useful > 0 && (!settings_.single_source || source_ == peer.key);
    if (interesting == peer.interesting) return;
    peer.interesting = interesting;
    if (interesting) {
        send(peer, wire::Interested{});
    } else {
        send(peer, wire::NotInterested{});
    }
}

void Torrent::drop_if_useless(const Peer& peer) {
    const bool wants_nothing = peer.counted_as_seed || peer.upload_only;
    if (finished() && wants_nothing) {
        disconnect(peer.key, "nothing left to give to each other", false);
    }
}

void Torrent::send(Peer& peer, const wire::Message& message) {
    wire::encode(message, peer.outbox);
    note_flush(peer);
}

void Torrent::note_flush(Peer& peer) {
    if (peer.flush_noted) return;
    peer.flush_noted = true;
    outcome_.to_flush.push_back(peer.key);
}

void Torrent::disconnect(PeerKey key, std::string reason, bool ban) {
    outcome_.disconnects.push_back({key, std::move(reason), ban});
}

void Torrent::piece_good(PieceIndex piece, const std::vector<Sha1Digest>& digests, TimePoint now) {
    for (const PeerKey liar : blame_.proven_good(piece, digests)) {
        disconnect(liar, "sent false data", true);
    }
    end_piece(piece);
    pieces_.store(piece);
    for (const auto& [key, peer] : peers_) {
        wire::encode(wire::Have{piece}, peer->outbox);
        // Who has the piece, and does not guide others to it, does not wait to hear of it: that
        // goes along with what is sent next.
        if (!peer->pieces[piece] || is_guided(*peer, now) || finished()) note_flush(*peer);
        if (peer->pieces[piece]) {
            --peer->useful;
            update_interest(*peer);
        }
    }
    if (finished()) {
        outcome_.finished = true;
        for (const auto& [key, peer] : peers_) drop_if_useless(*peer);
        rechoke(now);
    }
    request_from_all(now);
}

void Torrent::piece_bad(PieceIndex piece, const std::vector<Sha1Digest>& digests, TimePoint now) {
    const BegunPiece& failed = *begun_.at(piece);
    std::vector<Blame::Block> blocks;
    for (std::uint32_t i = 0; i < std::min<std::size_t>(digests.size(), failed.block_count());
         ++i) {
        blocks.push_back({digests[i], failed.sender(i)});
    }
    const auto liars = blame_.failed(piece, std::move(blocks));
    for (const PeerKey liar : liars) disconnect(liar, "sent false data", true);
    wasted_ += layout_.piece_data_size(piece);
    if (liars.empty()) again_.push_back(piece);
    piece_lost(piece, now);
}

void Torrent::piece_lost(PieceIndex piece, TimePoint now) {
    end_piece(piece);
    pieces_.reject(piece);
    request_from_all(now);
}

void Torrent::end_piece(PieceIndex piece) {
    const auto ended = begun_.find(piece);
    if (ended->second->listed_open) std::erase(open_, ended->second.get());
    if (ended->second->single_author) std::erase(single_author_, ended->second.get());
    if (ended->second->complete()) budget_.unstored -= layout_.piece_size(piece);
    begun_.erase(ended);
    budget_.used -= layout_.piece_size(piece);
}

void Torrent::tick(TimePoint now) {
    for (const auto& [key, peer] : peers_) {
        if (!peer->outbox.empty()) note_flush(*peer);
    }
    find_stalled(now);
    give_up_authors();
    if (const std::uint32_t slots = slots_for(now); slots > choker_.slots()) {
        choker_.set_slots(slots);
        if (somebody_waits() && has_free_slot()) rechoke(now);
    }
    if (now >= next_rechoke_) rechoke(now);
    keep_guiding(now);
    if (settings_.single_source) choose_source(now);
    request_from_all(now);
}

void Torrent::set_paused(bool paused, TimePoint now) {
    paused_ = paused;
    if (!paused) request_from_all(now);
}

Outcome Torrent::take_outcome() {
    for (const PeerKey key : outcome_.to_flush) {
        if (const auto found = peers_.find(key); found != peers_.end()) {
            found->second->flush_noted = false;
        }
    }
    return std::exchange(outcome_, {});
}

ByteVector& Torrent::outbox(PeerKey key) {
    return peer_of(key).outbox;
}

PeerStatus Torrent::status(PeerKey key, TimePoint now) const {
    const Peer& peer = peer_of(key);
    return {.down = peer.down.rate(now),
            .up = peer.up.rate(now),
            .downloaded = peer.down.total(),
            .uploaded = peer.up.total(),
            .pieces = peer.pieces.count(),
            .outstanding = peer.outstanding.size()};
}

bool Torrent::consistent() const {
    if (!pieces_.consistent()) return false;
    std::map<BlockRange, std::uint32_t> asked;
    for (const auto& [key, peer] : peers_) {
        std::uint32_t useful = 0;
        peer->pieces.for_each_set([&](std::size_t i) {
            useful += wanted_of(PieceIndex(static_cast<std::uint32_t>(i))) ? 1 : 0;
        });
        if (useful != peer->useful) return false;
        for (const auto& request : peer->outstanding) {
            if (!request.released) ++asked[request.range];
        }
    }
    for (const auto& [piece, begun] : begun_) {
        const PieceState state = pieces_.state(piece);
        if (state != PieceState::in_flight && state != PieceState::verifying) return false;
        if ((state == PieceState::verifying) != begun->complete()) return false;
        const bool listed = std::ranges::find(open_, begun.get()) != open_.end();
        if (listed != begun->listed_open || (begun->open_count() > 0 && !listed)) return false;
        for (std::uint32_t i = 0; i < begun->block_count(); ++i) {
            const auto found = asked.find(begun->range(i));
            if (begun->requesters(i) != (found == asked.end() ? 0 : found->second)) return false;
        }
    }
    return true;
}

}  // namespace shoal::swarm
