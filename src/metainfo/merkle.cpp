#include "metainfo/merkle.h"

#include <bit>
#include <cassert>
#include <optional>

namespace shoal::metainfo {

Sha256Digest MerkleRoot::parent(const Sha256Digest& left, const Sha256Digest& right) {
    hasher_.update(left.view());
    hasher_.update(right.view());
    return hasher_.finish();
}

void MerkleRoot::add(const Sha256Digest& leaf) {
    Sha256Digest node = leaf;
    for (std::uint64_t rest = count_; rest % 2 == 1; rest /= 2) {
        node = parent(full_.back(), node);
        full_.pop_back();
    }
    full_.push_back(node);
    ++count_;
}

Sha256Digest MerkleRoot::finish(std::uint64_t width, const Sha256Digest& pad) {
    assert(std::has_single_bit(width) && count_ <= width);
    Sha256Digest filler = pad;               // root of a subtree of padding alone, on this level
    std::optional<Sha256Digest> incomplete;  // root of the subtree that ends in padding
    for (std::uint64_t rest = count_; width > 1; width /= 2, rest /= 2) {
        if (rest % 2 == 1) {
            incomplete = parent(full_.back(), incomplete.value_or(filler));
            full_.pop_back();
        } else if (incomplete) {
            incomplete = parent(*incomplete, filler);
        }
        filler = parent(filler, filler);
    }
    const Sha256Digest root = !full_.empty() ? full_.back() : incomplete.value_or(filler);
    full_.clear();
    count_ = 0;
    return root;
}

}  // namespace shoal::metainfo
