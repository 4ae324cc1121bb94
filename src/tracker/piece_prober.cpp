#include "tracker/piece_prober.h"

#include <array>
#include <boost/asio/post.hpp>

#include "base/random.h"

namespace shoal::tracker {
namespace {

wire::PeerId fresh_id() {
    std::array<std::byte, 12> random{};
    secure_random(random);
    return wire::make_peer_id(random);
}

std::vector<PieceRange> ranges_of(const Bitfield& pieces) {
    std::vector<PieceRange> ranges;
    pieces.for_each_set([&](std::size_t bit) {
        const auto piece = static_cast<std::uint32_t>(bit);
        if (ranges.empty() || ranges.back().last + 1 != piece) {
            ranges.push_back({piece, piece});
        } else {
            ranges.back().last = piece;
        }
    });
    return ranges;
}

}  // namespace

PieceProber::PieceProber(boost::asio::any_io_executor executor, PieceMap& map, ProberLimits limits)
    : executor_(std::move(executor)), map_(map), limits_(limits), our_id_(fresh_id()) {}

void PieceProber::announced(const net::TcpEndpoint& client, const InfoHash& info_hash, bool seed,
                            TimePoint now) {
    auto target = targets_.find({client, info_hash});
    if (target == targets_.end()) {
        if (targets_.size() >= limits_.targets) return;
        target = targets_.emplace(Key{client, info_hash}, Target{.due = now}).first;
    }
    const bool completed = seed && !target->second.seed;
    if (completed) {
        const auto count = map_.piece_count(info_hash);
        if (count && *count > 0) {
            map_.observe(client, info_hash, std::array{PieceRange{0, *count - 1}});
        }
        target->second.due = now;
    }
    target->second.seed = seed;
    if (target->second.failures >= limits_.most_failures) target->second.failures = 0;
}

void PieceProber::left(const net::TcpEndpoint& client, const InfoHash& info_hash) {
    const auto target = targets_.find({client, info_hash});
    if (target != targets_.end()) drop(target);
}

void PieceProber::left(const net::TcpEndpoint& client) {
    for (auto target = targets_.lower_bound({client, InfoHash{}});
         target != targets_.end() && target->first.first == client;) {
        drop(target++);
    }
}

void PieceProber::drop(std::map<Key, Target>::iterator target) {
    if (target->second.probe) --under_way_;
    targets_.erase(target);
}

void PieceProber::tick(TimePoint now) {
    for (auto at = targets_.begin(); at != targets_.end() && under_way_ < limits_.at_once;) {
        const auto current = at++;
        Target& target = current->second;
        const bool rests = target.failures >= limits_.most_failures;
        if (target.probe || rests || target.due > now) continue;
        const auto& [client, info_hash] = current->first;
        const auto count = map_.piece_count(info_hash);
        // One that has begun to report knows better than anybody who asks it.
        if (!count || map_.reports(client)) {
            drop(current);
            continue;
        }
        target.due = now + (target.seed ? limits_.seed_period : limits_.leecher_period);
        ask(current->first, target, *count);
    }
}

void PieceProber::stop() {
    targets_.clear();
    under_way_ = 0;
}

void PieceProber::ask(const Key& key, Target& target, std::uint32_t piece_count) {
    ProbeQuestion question{.peer = key.first,
                           .info_hash = key.second,
                           .our_id = our_id_,
                           .piece_count = piece_count,
                           .from = from_};
    ++under_way_;
    target.probe = std::make_unique<PeerProbe>(
        executor_, question,
        [this, key](const Result<ProbeAnswer>& answer) { answered(key, answer); });
}

void PieceProber::answered(const Key& key, const Result<ProbeAnswer>& answer) {
    const auto found = targets_.find(key);
    if (found == targets_.end()) return;
    Target& target = found->second;
    target.probe.reset();
    --under_way_;
    if (answer && answer->pieces) {
        target.failures = 0;
        map_.observe(key.first, key.second, ranges_of(*answer->pieces));
        return;
    }
    // A client behind a firewall cannot be asked: what it said of itself is all there is.
    if (++target.failures >= limits_.most_failures && !target.seed) {
        map_.remove(key.first, key.second);
    }
}

}  // namespace shoal::tracker
