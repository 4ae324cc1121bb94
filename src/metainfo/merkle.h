// Merkle trees over blocks and pieces (BEP 52).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/digest.h"

namespace shoal::metainfo {

/// Computes a root from leaves that come in any portions, in memory of the tree's height. Many at
/// once are quickest. Not thread-safe.
class MerkleRoot {
  public:
    void add(std::span<const Sha256Digest> leaves);
    /// The root over `width` leaves: a power of two, at least as many as were added. Those that
    /// were not added count as `pad`. Starts anew.
    Sha256Digest finish(std::uint64_t width, const Sha256Digest& pad = {});

  private:
    void add_subtree(const Sha256Digest& root, std::uint64_t width);

    std::uint64_t count_ = 0;
    /// Roots of the full subtrees so far, highest first: one for each bit set in count_.
    std::vector<Sha256Digest> full_;
};

}  // namespace shoal::metainfo
