#include "metainfo/merkle.h"

#include <gtest/gtest.h>

namespace shoal::metainfo {
namespace {

Sha256Digest leaf(int number) {
    Sha256Digest digest;
    digest.bytes.fill(static_cast<std::byte>(number));
    return digest;
}

/// The definition: all leaves written out, every level computed.
Sha256Digest plain_root(std::vector<Sha256Digest> leaves, std::size_t width, Sha256Digest pad) {
    leaves.resize(width, pad);
    while (leaves.size() > 1) {
        std::vector<Sha256Digest> level;
        for (std::size_t i = 0; i < leaves.size(); i += 2) {
            Sha256 hasher;
            hasher.update(leaves[i].view());
            hasher.update(leaves[i + 1].view());
            level.push_back(hasher.finish());
        }
        leaves = level;
    }
    return leaves.front();
}

TEST(MerkleRoot, EqualsTheTreeWrittenOutForEveryNumberOfLeaves) {
    MerkleRoot tree;
    for (const std::size_t width : {1u, 2u, 4u, 8u, 16u}) {
        for (std::size_t count = 0; count <= width; ++count) {
            std::vector<Sha256Digest> leaves;
            for (std::size_t i = 0; i < count; ++i) leaves.push_back(leaf(static_cast<int>(i + 1)));
            for (const Sha256Digest& pad : {Sha256Digest{}, leaf(200)}) {
                for (const Sha256Digest& one : leaves) tree.add(one);
                EXPECT_EQ(tree.finish(width, pad), plain_root(leaves, width, pad))
                    << count << " of " << width;
            }
        }
    }
}

TEST(MerkleRoot, OfManyZeroLeavesCostsOnlyItsHeight) {
    MerkleRoot tree;
    const Sha256Digest half = tree.finish(std::uint64_t{1} << 39);
    Sha256 hasher;
    hasher.update(half.view());
    hasher.update(half.view());
    EXPECT_EQ(tree.finish(std::uint64_t{1} << 40), hasher.finish());
}

}  // namespace
}  // namespace shoal::metainfo
