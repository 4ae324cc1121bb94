#include "swarm/choker.h"

#include <algorithm>

namespace shoal::swarm {
namespace {

constexpr Duration optimistic_turn = 30s;
/// A seed lets the next peer have a slot after this long, once it has served a fair share.
constexpr Duration seed_turn = 20s;
constexpr ByteCount seed_share = 4 << 20;

}  // namespace

std::vector<PeerKey> Choker::choose(std::span<const ChokeCandidate> interested, bool seeding,
                                    TimePoint now, Random& random) {
    std::vector<ChokeCandidate> candidates(interested.begin(), interested.end());
    if (candidates.size() <= slots_) {
        std::vector<PeerKey> all;
        all.reserve(candidates.size());
        for (const auto& candidate : candidates) all.push_back(candidate.peer);
        return all;
    }
    return seeding ? in_turn(std::move(candidates), now)
                   : tit_for_tat(std::move(candidates), now, random);
}

std::vector<PeerKey> Choker::tit_for_tat(std::vector<ChokeCandidate> candidates, TimePoint now,
                                         Random& random) {
    random.shuffle(candidates);
    const auto is_optimistic = [&](const ChokeCandidate& c) { return c.peer == optimistic_; };
    if (now - optimistic_since_ >= optimistic_turn ||
        std::ranges::none_of(candidates, is_optimistic)) {
        // The one that has waited longest gets its chance.
        const auto next = std::ranges::min_element(candidates, {}, [](const ChokeCandidate& c) {
            return std::pair(c.unchoked, c.choked_since);
        });
        optimistic_ = next->peer;
        optimistic_since_ = now;
    }
    std::ranges::stable_sort(candidates, std::ranges::greater{}, &ChokeCandidate::gives);
    std::vector<PeerKey> chosen = {*optimistic_};
    for (const auto& candidate : candidates) {
        if (chosen.size() >= slots_) break;
        if (!is_optimistic(candidate)) chosen.push_back(candidate.peer);
    }
    return chosen;
}

std::vector<PeerKey> Choker::in_turn(std::vector<ChokeCandidate> candidates, TimePoint now) const {
    const auto had_its_turn = [&](const ChokeCandidate& c) {
        return c.unchoked && now - c.unchoked_since >= seed_turn && c.served >= seed_share;
    };
    // First those in the middle of their turn, then those that wait, longest first, and only then
    // those that have had theirs.
    std::ranges::stable_sort(candidates, {}, [&](const ChokeCandidate& c) {
        const int rank = had_its_turn(c) ? 2 : c.unchoked ? 0 : 1;
        return std::pair(rank, c.unchoked ? c.unchoked_since : c.choked_since);
    });
    std::vector<PeerKey> chosen;
    for (const auto& candidate : candidates) {
        if (chosen.size() >= slots_) break;
        chosen.push_back(candidate.peer);
    }
    return chosen;
}

}  // namespace shoal::swarm
