#include "swarm/first_copies.h"

#include <algorithm>
#include <utility>

namespace shoal::swarm {
namespace {

/// Seconds of a peer's work after which half of its record is forgotten.
constexpr double memory = 10;
/// A peer that has not shown anything yet is taken for one that passes on a piece in a second.
constexpr double first_guess = 1;

}  // namespace

FirstCopies::FirstCopies(std::uint32_t pieces, std::uint32_t piece_length, Random& random)
    : place_(pieces, not_free), piece_length_(piece_length), random_(random) {}

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
    Record& record = peers_[debt.peer];
    ++record.owed;
    if (debt.held) ++record.held;
    promised_ += debt.held ? 0 : 1;
    unsent_ += debt.unsent;
    debts_.emplace(piece, debt);
}

void FirstCopies::settle(PieceIndex piece) {
    const auto debt = debts_.find(piece);
    if (debt == debts_.end()) return;
    Record& record = peers_.at(debt->second.peer);
    --record.owed;
    if (debt->second.held) --record.held;
    promised_ -= debt->second.held ? 0 : 1;
    unsent_ -= debt->second.unsent;
    debts_.erase(debt);
}

void FirstCopies::update(Record& record, TimePoint now) {
    if (record.held > 0) record.busy += seconds(now - record.updated);
    record.updated = now;
    if (record.busy > memory) {
        record.busy /= 2;
        record.passed_on /= 2;
    }
}

double FirstCopies::wait_for(PeerKey peer, TimePoint now) const {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return first_guess;
    Record record = found->second;
    update(record, now);
    const double each = (record.busy + first_guess) / (record.passed_on + 1);
    return static_cast<double>(record.owed + 1) * each;
}

std::optional<PeerKey> FirstCopies::arrived(PieceIndex piece, PeerKey peer, TimePoint now) {
    const bool was_free = is_free(piece);
    if (was_free) take(piece);
    update(peers_[peer], now);
    const auto debt = debts_.find(piece);
    if (debt == debts_.end()) {
        if (was_free) owe(piece, {.peer = peer, .touched = now, .held = true});
        return std::nullopt;
    }
    const Debt before = debt->second;
    // Whoever says twice that it has a piece has not passed it on.
    if (before.held && before.peer == peer) return std::nullopt;
    Record& giver = peers_.at(before.peer);
    update(giver, now);
    if (before.held) ++giver.passed_on;
    settle(piece);
    if (!before.held) owe(piece, {.peer = peer, .touched = now, .held = true});
    return before.peer;
}

void FirstCopies::promise(PieceIndex piece, PeerKey peer, TimePoint now) {
    if (!is_free(piece)) return;
    take(piece);
    owe(piece, {.peer = peer, .touched = now, .unsent = piece_length_});
}

std::optional<PieceIndex> FirstCopies::promise_any(PeerKey peer, TimePoint now) {
    if (free_.empty()) return std::nullopt;
    const PieceIndex piece = free_[random_.below(free_.size())];
    promise(piece, peer, now);
    return piece;
}

void FirstCopies::sent(PieceIndex piece, PeerKey peer, std::uint32_t bytes, TimePoint now) {
    const auto debt = debts_.find(piece);
    if (debt == debts_.end() || debt->second.peer != peer) return;
    debt->second.touched = now;
    peers_.at(peer).taken = now;
    const std::uint32_t part = std::min(bytes, debt->second.unsent);
    debt->second.unsent -= part;
    unsent_ -= part;
}

std::size_t FirstCopies::held_alone(TimePoint since) const {
    return static_cast<std::size_t>(std::ranges::count_if(debts_, [&](const auto& entry) {
        return entry.second.held && entry.second.touched >= since;
    }));
}

std::size_t FirstCopies::owed_by(PeerKey peer) const {
    const auto found = peers_.find(peer);
    return found == peers_.end() ? 0 : found->second.owed;
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
    if (owed_by(peer) == 0) return;
    release_if([&](const Debt& debt) { return debt.peer == peer; });
}

void FirstCopies::overlook_older(TimePoint limit) {
    for (auto& [piece, debt] : debts_) {
        if (debt.held || std::max(debt.touched, peers_.at(debt.peer).taken) >= limit) continue;
        unsent_ -= std::exchange(debt.unsent, 0);
    }
}

void FirstCopies::forget(PeerKey peer) {
    release(peer);
    std::vector<PieceIndex> held;
    for (const auto& [piece, debt] : debts_) {
        if (debt.peer == peer) held.push_back(piece);
    }
    for (const PieceIndex piece : held) settle(piece);
    peers_.erase(peer);
}

void FirstCopies::release_older(TimePoint limit) {
    release_if([&](const Debt& debt) { return debt.touched < limit; });
}

}  // namespace shoal::swarm
