// Merkle trees over blocks and pieces (BEP 52).
#pragma once
#include <cstdint>
#include <vector>

#include "base/digest.h"
#include "base/hash.h"

namespace shoal::metainfo {

/// Computes a root from leaves that come one by one, in memory of the tree's height. Not
/// thread-safe.
class MerkleRoot {
  public:
    void add(const Sha256Digest& leaf);
    /// The root over `width` leaves: a power of two, at least as many as were added. Those that
    /// were not added count as `pad`. Starts anew.
    Sha256Digest finish(std::uint64_t width, const Sha256Digest& pad = {});

  private:
    Sha256Digest parent(const Sha256Digest& left, const Sha256Digest& right);

    Sha256 hasher_;
    std::uint64_t count_ = 0;
    /// Roots of the full subtrees so far, highest first: one for each bit set in count_.
    std::vector<Sha256Digest> full_;
};

}  // namespace shoal::metainfo
