#include "swarm/piece_table.h"

#include <algorithm>
#include <cassert>

namespace shoal::swarm {

PieceTable::PieceTable(const Bitfield& have, const Bitfield& wanted, Random& random)
    : pieces_(have.size()), have_(have), random_(random) {
    assert(have.size() == wanted.size());
    for (std::uint32_t i = 0; i < size(); ++i) {
        if (have[i]) {
            pieces_[i].state = PieceState::on_disk;
        } else if (wanted[i]) {
            pieces_[i].state = PieceState::missing;
            order_.emplace_back(i);
        }
    }
    random_.shuffle(order_);
    for (std::uint32_t i = 0; i < order_.size(); ++i) entry(order_[i]).position = i;
    group_ends_ = {order_.size()};
    unfinished_ = missing();
}

void PieceTable::begin(PieceIndex piece) {
    assert(state(piece) == PieceState::missing);
    erase(piece);
    entry(piece).state = PieceState::in_flight;
}

void PieceTable::verify(PieceIndex piece) {
    assert(state(piece) == PieceState::in_flight);
    entry(piece).state = PieceState::verifying;
}

void PieceTable::store(PieceIndex piece) {
    assert(state(piece) == PieceState::verifying);
    entry(piece).state = PieceState::on_disk;
    have_.set(piece);
    --unfinished_;
}

void PieceTable::reject(PieceIndex piece) {
    assert(state(piece) == PieceState::verifying);
    entry(piece).state = PieceState::missing;
    insert(piece);
}

void PieceTable::add_holder(PieceIndex piece) {
    if (state(piece) == PieceState::missing) move_up(piece);
    ++entry(piece).holders;
}

void PieceTable::remove_holder(PieceIndex piece) {
    assert(entry(piece).holders > 0);
    if (state(piece) == PieceState::missing) move_down(piece);
    --entry(piece).holders;
}

std::vector<PieceIndex> PieceTable::unavailable(std::size_t limit) const {
    const auto count = static_cast<std::ptrdiff_t>(std::min(limit, unavailable_count()));
    return {order_.begin(), order_.begin() + count};
}

std::size_t PieceTable::group_end(std::uint32_t holders) const {
    return holders < group_ends_.size() ? group_ends_[holders] : order_.size();
}

std::size_t PieceTable::group_begin(std::uint32_t holders) const {
    return holders == 0 ? 0 : group_end(holders - 1);
}

void PieceTable::swap_places(std::size_t a, std::size_t b) {
    std::swap(order_[a], order_[b]);
    entry(order_[a]).position = narrow(a);
    entry(order_[b]).position = narrow(b);
}

void PieceTable::mix(PieceIndex piece, std::size_t begin, std::size_t end) {
    swap_places(entry(piece).position, begin + random_.below(end - begin));
}

void PieceTable::move_up(PieceIndex piece) {
    const std::uint32_t holders = entry(piece).holders;
    while (group_ends_.size() <= holders + 1) group_ends_.push_back(order_.size());
    swap_places(entry(piece).position, group_ends_[holders] - 1);
    --group_ends_[holders];
    mix(piece, group_ends_[holders], group_ends_[holders + 1]);
}

void PieceTable::move_down(PieceIndex piece) {
    const std::uint32_t holders = entry(piece).holders;
    swap_places(entry(piece).position, group_begin(holders));
    ++group_ends_[holders - 1];
    mix(piece, group_begin(holders - 1), group_end(holders - 1));
}

void PieceTable::insert(PieceIndex piece) {
    // Enters at the end, above every group, and sinks to its own by one swap a group.
    const std::uint32_t holders = entry(piece).holders;
    while (group_ends_.size() <= holders) group_ends_.push_back(order_.size());
    order_.push_back(piece);
    entry(piece).position = narrow(order_.size() - 1);
    for (std::size_t h = group_ends_.size(); h-- > holders;) {
        swap_places(entry(piece).position, group_ends_[h]);
        ++group_ends_[h];
    }
    mix(piece, group_begin(holders), group_end(holders));
}

void PieceTable::erase(PieceIndex piece) {
    for (std::size_t h = entry(piece).holders; h < group_ends_.size(); ++h) {
        swap_places(entry(piece).position, group_ends_[h] - 1);
        --group_ends_[h];
    }
    assert(order_.back() == piece);
    order_.pop_back();
}

bool PieceTable::consistent() const {
    std::uint32_t unfinished = 0;
    for (std::uint32_t i = 0; i < size(); ++i) {
        const Entry& piece = pieces_[i];
        const bool wanted_still =
            piece.state != PieceState::not_wanted && piece.state != PieceState::on_disk;
        unfinished += wanted_still ? 1 : 0;
        if ((piece.state == PieceState::on_disk) != have_[i]) return false;
        if (piece.state != PieceState::missing) continue;
        if (piece.position >= order_.size() || order_[piece.position].value() != i) return false;
        if (piece.position < group_begin(piece.holders)) return false;
        if (piece.position >= group_end(piece.holders)) return false;
    }
    return unfinished == unfinished_ && group_ends_.back() == order_.size();
}

}  // namespace shoal::swarm
