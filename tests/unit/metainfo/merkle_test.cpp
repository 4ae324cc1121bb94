#include "metainfo/merkle.h"

#include <gtest/gtest.h>

#include "base/hash.h"

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
                tree.add(leaves);
                EXPECT_EQ(tree.finish(width, pad), plain_root(leaves, width, pad))
                    << count << " of " << width;
            }
        }
    }
}

TEST(MerkleRoot, DoesNotDependOnThePortionsInWhichLeavesCome) {
    std::vector<Sha256Digest> leaves;
    for (int i = 0; i < 700; ++i) leaves.push_back(sha256(leaf(i).view()));
    const Sha256Digest expected = plain_root(leaves, 1024, {});
    for (const std::size_t portion : {1u, 3u, 64u, 100u, 256u, 700u}) {
        MerkleRoot tree;
        for (std::size_t at = 0; at < leaves.size(); at += portion) {
            tree.add(std::span(leaves).subspan(at, std::min(portion, leaves.size() - at)));
        }
        EXPECT_EQ(tree.finish(1024), expected) << "portions of " << portion;
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
