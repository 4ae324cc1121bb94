#include "swarm/first_copies.h"

#include <utility>

namespace shoal::swarm {

FirstCopies::FirstCopies(std::uint32_t pieces, Random& random)
    : place_(pieces, not_free), random_(random) {}

void FirstCopies::add(PieceIndex piece) {
    if (is_free(piece) || promises_.contains(piece)) return;
    place_[piece.value()] = static_cast<std::uint32_t>(free_.size());
    free_.push_back(piece);
}

void FirstCopies::take(PieceIndex piece) {
    const std::uint32_t place = std::exchange(place_[piece.value()], not_free);
    const PieceIndex last = free_.back();
    free_.pop_back();
    if (last == piece) return;
    free_[place] = last;
    place_[last.value()] = place;
}

std::optional<PeerKey> FirstCopies::remove(PieceIndex piece) {
    if (is_free(piece)) take(piece);
    const auto found = promises_.find(piece);
    if (found == promises_.end()) return std::nullopt;
    const PeerKey peer = found->second.peer;
    promises_.erase(found);
    if (--counts_.at(peer) == 0) counts_.erase(peer);
    return peer;
}

void FirstCopies::promise(PieceIndex piece, PeerKey peer, TimePoint now) {
    if (!is_free(piece)) return;
    take(piece);
    promises_[piece] = {peer, now};
    ++counts_[peer];
}

std::optional<PieceIndex> FirstCopies::promise_any(PeerKey peer, TimePoint now) {
    if (free_.empty()) return std::nullopt;
    const PieceIndex piece = free_[random_.below(free_.size())];
    promise(piece, peer, now);
    return piece;
}

void FirstCopies::sent(PieceIndex piece, PeerKey peer, TimePoint now) {
    const auto found = promises_.find(piece);
    if (found != promises_.end() && found->second.peer == peer) found->second.touched = now;
}

std::size_t FirstCopies::promised_to(PeerKey peer) const {
    const auto found = counts_.find(peer);
    return found == counts_.end() ? 0 : found->second;
}

template <class Which>
void FirstCopies::release_if(Which which) {
    std::vector<PieceIndex> released;
    for (const auto& [piece, promise] : promises_) {
        if (which(promise)) released.push_back(piece);
    }
    for (const PieceIndex piece : released) {
        remove(piece);
        add(piece);
    }
}

void FirstCopies::release(PeerKey peer) {
    if (!counts_.contains(peer)) return;
    release_if([&](const Promise& promise) { return promise.peer == peer; });
}

void FirstCopies::release_older(TimePoint limit) {
    release_if([&](const Promise& promise) { return promise.touched < limit; });
}

}  // namespace shoal::swarm
