#include "swarm/first_copies.h"

#include <utility>

namespace shoal::swarm {

FirstCopies::FirstCopies(std::uint32_t pieces, Random& random)
    : place_(pieces, not_free), random_(random) {}

void FirstCopies::add(PieceIndex piece) {
    const auto debt = debts_.find(piece);
    if (is_free(piece) || (debt != debts_.end() && !debt->second.held)) return;
    settle(piece);  // whoever held it alone has left
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

void FirstCopies::owe(PieceIndex piece, Debt debt) {
    ++counts_[debt.peer];
    promised_ += debt.held ? 0 : 1;
    debts_.emplace(piece, debt);
}

void FirstCopies::settle(PieceIndex piece) {
    const auto debt = debts_.find(piece);
    if (debt == debts_.end()) return;
    const auto count = counts_.find(debt->second.peer);
    if (--count->second == 0) counts_.erase(count);
    promised_ -= debt->second.held ? 0 : 1;
    debts_.erase(debt);
}

std::optional<PeerKey> FirstCopies::arrived(PieceIndex piece, PeerKey peer) {
    const bool was_free = is_free(piece);
    if (was_free) take(piece);
    const auto debt = debts_.find(piece);
    if (debt == debts_.end()) {
        if (was_free) owe(piece, {.peer = peer, .touched = {}, .held = true});
        return std::nullopt;
    }
    const Debt before = debt->second;
    settle(piece);
    if (!before.held) owe(piece, {.peer = peer, .touched = {}, .held = true});
    return before.peer;
}

void FirstCopies::promise(PieceIndex piece, PeerKey peer, TimePoint now) {
    if (!is_free(piece)) return;
    take(piece);
    owe(piece, {.peer = peer, .touched = now});
}

std::optional<PieceIndex> FirstCopies::promise_any(PeerKey peer, TimePoint now) {
    if (free_.empty()) return std::nullopt;
    const PieceIndex piece = free_[random_.below(free_.size())];
    promise(piece, peer, now);
    return piece;
}

void FirstCopies::sent(PieceIndex piece, PeerKey peer, TimePoint now) {
    const auto debt = debts_.find(piece);
    if (debt != debts_.end() && debt->second.peer == peer) debt->second.touched = now;
}

std::size_t FirstCopies::owed_by(PeerKey peer) const {
    const auto found = counts_.find(peer);
    return found == counts_.end() ? 0 : found->second;
}

template <class Which>
void FirstCopies::release_if(Which which) {
    std::vector<PieceIndex> released;
    for (const auto& [piece, debt] : debts_) {
        if (!debt.held && which(debt)) released.push_back(piece);
    }
    for (const PieceIndex piece : released) {
        settle(piece);
        add(piece);
    }
}

void FirstCopies::release(PeerKey peer) {
    if (!counts_.contains(peer)) return;
    release_if([&](const Debt& debt) { return debt.peer == peer; });
}

void FirstCopies::release_older(TimePoint limit) {
    release_if([&](const Debt& debt) { return debt.touched < limit; });
}

}  // namespace shoal::swarm
