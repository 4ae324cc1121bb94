#include "metainfo/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <optional>

#include "hashing/many.h"

namespace shoal::metainfo {
namespace {

Sha256Digest parent(const Sha256Digest& left, const Sha256Digest& right) {
    const std::array<Sha256Digest, 2> children = {left, right};
    Sha256Digest root;
    hashing::hash_pairs(children, std::span(&root, 1));
    return root;
}

/// Leaves whose root is computed level by level, so that the nodes of a level are hashed together.
constexpr std::size_t largest_subtree = 256;

/// Of 1 to largest_subtree leaves, a power of two.
Sha256Digest root_of(std::span<const Sha256Digest> leaves) {
    if (leaves.size() == 1) return leaves.front();
    std::array<Sha256Digest, largest_subtree / 2> nodes;
    std::size_t width = leaves.size() / 2;
    hashing::hash_pairs(leaves, std::span(nodes).first(width));
    for (; width > 1; width /= 2) {
        hashing::hash_pairs(std::span(nodes).first(width), std::span(nodes).first(width / 2));
    }
    return nodes.front();
}

}  // namespace

void MerkleRoot::add(std::span<const Sha256Digest> leaves) {
    while (!leaves.empty()) {
        // A subtree begins at a multiple of its width.
        const std::uint64_t aligned = count_ == 0 ? largest_subtree : count_ & -count_;
        const std::size_t width = std::min<std::uint64_t>(
            {aligned, largest_subtree, std::bit_floor(std::uint64_t{leaves.size()})});
        add_subtree(root_of(leaves.first(width)), width);
        leaves = leaves.subspan(width);
    }
}

void MerkleRoot::add_subtree(const Sha256Digest& root, std::uint64_t width) {
    Sha256Digest node = root;
    for (std::uint64_t rest = count_ / width; rest % 2 == 1; rest /= 2) {
        node = parent(full_.back(), node);
        full_.pop_back();
    }
    full_.push_back(node);
    count_ += width;
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
