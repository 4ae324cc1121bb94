#include "tracker/piece_map.h"

#include <algorithm>
#include <utility>

namespace shoal::tracker {
namespace {

/// count_changes() looks at no more buckets in one call; it takes some milliseconds.
constexpr std::size_t most_looked_at = 50'000;

void add(Roaring& pieces, const PieceRange& range) {
    pieces.addRange(range.first, std::uint64_t{range.last} + 1);
}

Roaring as_set(std::span<const PieceRange> ranges) {
    Roaring pieces;
    for (const PieceRange& range : ranges) add(pieces, range);
    return pieces;
}

std::vector<PieceRange> as_ranges(const Roaring& pieces) {
    std::vector<PieceRange> ranges;
    for (const std::uint32_t piece : pieces) {
        if (ranges.empty() || ranges.back().last + 1 != piece) {
            ranges.push_back({piece, piece});
        } else {
            ranges.back().last = piece;
        }
    }
    return ranges;
}

bool fits(std::span<const PieceRange> ranges, std::uint32_t piece_count) {
    return std::ranges::all_of(ranges, [&](const PieceRange& range) {
        return range.first <= range.last && range.last < piece_count;
    });
}

}  // namespace

void PieceMap::add_torrent(const InfoHash& info_hash, std::uint32_t piece_count) {
    const auto [swarm, is_new] = swarms_.try_emplace(info_hash);
    if (is_new) swarm->second.piece_count = piece_count;
}

void PieceMap::remove_torrent(const InfoHash& info_hash) {
    const auto found = swarms_.find(info_hash);
    if (found == swarms_.end()) return;
    while (!found->second.holders.empty()) remove(found->second.holders.begin()->first, info_hash);
    swarms_.erase(found);
}

std::optional<std::uint32_t> PieceMap::piece_count(const InfoHash& info_hash) const {
    const auto found = swarms_.find(info_hash);
    if (found == swarms_.end()) return std::nullopt;
    return found->second.piece_count;
}

Result<void> PieceMap::check(const PieceReport& report) const {
    for (const PieceChange& change : report.changes) {
        const auto count = piece_count(change.info_hash);
        if (!count) {
            return fail(ErrorCode::not_found, "no torrent {} is published here",
                        change.info_hash.hex());
        }
        if (!fits(change.gained, *count) || !fits(change.lost, *count)) {
            return fail(ErrorCode::bad_data, "torrent {} has pieces 0 to {} only",
                        change.info_hash.hex(), *count - 1);
        }
    }
    if (holdings_ + report.changes.size() > most_holdings_) {
        return fail(ErrorCode::refused, "the piece map is full: try again later");
    }
    return {};
}

Result<void> PieceMap::report(const net::TcpEndpoint& peer, const PieceReport& report) {
    if (auto ok = check(report); !ok) return ok;
    const auto known = peers_.find(peer);
    const bool follows = known != peers_.end() && known->second.last_report &&
                         *known->second.last_report + 1 == report.number;
    if (!report.whole && !follows) {
        return fail(ErrorCode::refused, "report {} does not follow the last one: report all pieces",
                    report.number);
    }
    Reporter& reporter = peers_[peer];
    if (report.whole) forget_pieces(peer, reporter);
    reporter.last_report = report.number;
    for (const PieceChange& change : report.changes) apply(peer, change);
    return {};
}

void PieceMap::apply(const net::TcpEndpoint& peer, const PieceChange& change) {
    if (change.gone) return remove(peer, change.info_hash);
    Swarm& swarm = swarms_.at(change.info_hash);
    Roaring& pieces = pieces_of(peer, change.info_hash, swarm);
    ++swarm.changes;
    pieces |= as_set(change.gained);
    pieces -= as_set(change.lost);
    pieces.runOptimize();
}

void PieceMap::observe(const net::TcpEndpoint& peer, const InfoHash& info_hash,
                       std::span<const PieceRange> pieces) {
    const auto found = swarms_.find(info_hash);
    if (found == swarms_.end() || found->second.piece_count == 0) return;
    const bool is_new = !found->second.holders.contains(peer);
    if (holdings_ >= most_holdings_ && is_new) return;
    Roaring seen = as_set(pieces);
    seen &= as_set(std::vector<PieceRange>{{0, found->second.piece_count - 1}});
    seen.runOptimize();
    Roaring& held = pieces_of(peer, info_hash, found->second);
    if (!is_new && held == seen) return;
    held = std::move(seen);
    ++found->second.changes;
}

Roaring& PieceMap::pieces_of(const net::TcpEndpoint& peer, const InfoHash& info_hash,
                             Swarm& swarm) {
    const auto [holder, is_new] = swarm.holders.try_emplace(peer);
    if (is_new) {
        ++holdings_;
        peers_[peer].torrents.push_back(info_hash);
    }
    return holder->second;
}

void PieceMap::forget_pieces(const net::TcpEndpoint& peer, Reporter& reporter) {
    for (const InfoHash& info_hash : reporter.torrents) {
        Swarm& swarm = swarms_.at(info_hash);
        holdings_ -= swarm.holders.erase(peer);
        ++swarm.changes;
    }
    reporter.torrents.clear();
}

void PieceMap::remove_peer(const net::TcpEndpoint& peer) {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return;
    forget_pieces(peer, found->second);
    peers_.erase(found);
}

void PieceMap::remove(const net::TcpEndpoint& peer, const InfoHash& info_hash) {
    const auto swarm = swarms_.find(info_hash);
    const auto found = peers_.find(peer);
    if (swarm == swarms_.end() || found == peers_.end()) return;
    std::erase(found->second.torrents, info_hash);
    // The last use of the address, which may stand in what is erased.
    holdings_ -= swarm->second.holders.erase(peer);
    ++swarm->second.changes;
    if (found->second.torrents.empty() && !found->second.last_report) peers_.erase(found);
}

bool PieceMap::reports(const net::TcpEndpoint& peer) const {
    const auto found = peers_.find(peer);
    return found != peers_.end() && found->second.last_report.has_value();
}

PieceMap::Counts PieceMap::counts(const InfoHash& info_hash) const {
    const auto found = swarms_.find(info_hash);
    return found == swarms_.end() ? Counts{} : counts_of(found->second);
}

PieceMap::Counts PieceMap::counts_of(const Swarm& swarm) {
    Counts counts;
    for (const auto& [peer, pieces] : swarm.holders) {
        const std::uint64_t held = pieces.cardinality();
        if (held > 0) ++counts.holders;
        if (held > 0 && held == swarm.piece_count) ++counts.seeds;
    }
    return counts;
}

void PieceMap::watch_counts() {
    for (auto& [info_hash, swarm] : swarms_) {
        swarm.counted = swarm.changes;
        swarm.told.reset();
    }
}

std::vector<PieceMap::CountsChange> PieceMap::count_changes(std::size_t limit) {
    std::vector<CountsChange> changed;
    std::size_t counted = 0;
    const std::size_t share = std::min(swarms_.bucket_count(), most_looked_at);
    for (std::size_t i = 0; i < share && counted < limit; ++i) {
        if (cursor_ >= swarms_.bucket_count()) cursor_ = 0;
        for (auto at = swarms_.begin(cursor_); at != swarms_.end(cursor_); ++at) {
            Swarm& swarm = at->second;
            if (std::exchange(swarm.counted, swarm.changes) == swarm.changes) continue;
            ++counted;
            const Counts counts = counts_of(swarm);
            if (std::exchange(swarm.told, counts) == counts) continue;
            changed.push_back({at->first, counts});
        }
        ++cursor_;
    }
    return changed;
}

std::optional<std::uint64_t> PieceMap::changes(const InfoHash& info_hash) const {
    const auto found = swarms_.find(info_hash);
    if (found == swarms_.end()) return std::nullopt;
    return found->second.changes;
}

std::optional<SwarmPieces> PieceMap::swarm(const InfoHash& info_hash) const {
    const auto found = swarms_.find(info_hash);
    if (found == swarms_.end()) return std::nullopt;
    SwarmPieces answer{.piece_count = found->second.piece_count};
    Roaring held;
    Roaring held_twice;
    for (const auto& [peer, pieces] : found->second.holders) {
        held_twice |= held & pieces;
        held |= pieces;
        answer.holders.push_back({.peer = peer,
                                  .count = static_cast<std::uint32_t>(pieces.cardinality()),
                                  .pieces = as_ranges(pieces)});
    }
    answer.held_once = as_ranges(held - held_twice);
    Roaring never;
    if (answer.piece_count > 0) add(never, {0, answer.piece_count - 1});
    answer.held_never = as_ranges(never - held);
    return answer;
}

}  // namespace shoal::tracker
