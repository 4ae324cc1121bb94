#include "swarm/blame.h"

#include <algorithm>

namespace shoal::swarm {

std::vector<PeerKey> Blame::failed(PieceIndex piece, std::vector<Block> blocks) {
    auto& attempts = failures_[piece];
    const bool one_author = std::ranges::all_of(
        blocks, [&](const Block& block) { return block.sender == blocks.front().sender; });
    if (one_author && !blocks.empty()) return {blocks.front().sender};
    if (attempts.size() < most_attempts) attempts.push_back(std::move(blocks));
    return {};
}

std::vector<PeerKey> Blame::proven_good(PieceIndex piece, const std::vector<Sha1Digest>& digests) {
    std::vector<PeerKey> liars;
    const auto found = failures_.find(piece);
    if (found == failures_.end()) return liars;
    for (const auto& attempt : found->second) {
        for (std::size_t i = 0; i < std::min(attempt.size(), digests.size()); ++i) {
            if (attempt[i].digest != digests[i]) liars.push_back(attempt[i].sender);
        }
    }
    failures_.erase(found);
    std::ranges::sort(liars);
    const auto repeated = std::ranges::unique(liars);
    liars.erase(repeated.begin(), repeated.end());
    return liars;
}

}  // namespace shoal::swarm
