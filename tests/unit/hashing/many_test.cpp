#include "hashing/many.h"

#include <gtest/gtest.h>

#include "support.h"

namespace shoal::hashing {
namespace {

using testing::expected;
using testing::random_bytes;

template <class DigestType>
class Many : public ::testing::Test {};

using Digests = ::testing::Types<Sha1Digest, Sha256Digest>;
TYPED_TEST_SUITE(Many, Digests);

TYPED_TEST(Many, DoesNotDependOnThePortions) {
    constexpr std::size_t count = 20;
    const ByteVector memory = random_bytes(9'000);
    std::mt19937 random(3);
    for (const std::size_t longest : {1u, 63u, 64u, 65u, 128u, 1000u}) {
        std::vector<Bytes> whole;
        for (std::size_t i = 0; i < count; ++i) whole.push_back(Bytes(memory).first(i * 450));
        std::vector<Bytes> left = whole;
        ManyHasher<TypeParam> hasher(count);
        while (std::ranges::any_of(left, [](Bytes rest) { return !rest.empty(); })) {
            std::vector<Bytes> parts;
            for (Bytes& rest : left) {
                const std::size_t size =
                    std::min(rest.size(), std::size_t{random() % (longest + 1)});
                parts.push_back(rest.first(size));
                rest = rest.subspan(size);
            }
            hasher.update(parts);
        }
        std::vector<TypeParam> digests(count);
        hasher.finish(digests);
        EXPECT_EQ(digests, expected<TypeParam>(whole)) << "portions of up to " << longest;
    }
}

TYPED_TEST(Many, FinishesOneMessageWhileTheOthersGoOn) {
    const ByteVector memory = random_bytes(1000);
    ManyHasher<TypeParam> hasher(3);
    const Bytes half = Bytes(memory).first(500);
    const std::vector<Bytes> first = {half, half, half};
    hasher.update(first);
    EXPECT_EQ(hasher.finish(1), expected<TypeParam>(half));
    const std::vector<Bytes> second = {Bytes(memory).last(500), half, {}};
    hasher.update(second);
    EXPECT_EQ(hasher.finish(0), expected<TypeParam>(memory));
    EXPECT_EQ(hasher.finish(1), expected<TypeParam>(half));
    EXPECT_EQ(hasher.finish(2), expected<TypeParam>(half));
    hasher.update(second);
    hasher.restart(0);
    EXPECT_EQ(hasher.finish(0), expected<TypeParam>(Bytes{}));
    EXPECT_EQ(hasher.finish(1), expected<TypeParam>(half));
}

TYPED_TEST(Many, TakesPartsForTheFirstMessagesAlone) {
    const ByteVector memory = random_bytes(100);
    ManyHasher<TypeParam> hasher(4);
    const Bytes part = memory;
    hasher.update(std::span(&part, 1));
    std::vector<TypeParam> digests(2);
    hasher.finish(digests);
    EXPECT_EQ(digests, expected<TypeParam>({part, Bytes{}}));
}

TYPED_TEST(Many, DigestsAListOfMessages) {
    const ByteVector memory = random_bytes(5'000);
    for (const std::size_t count : {0u, 1u, 2u, 5u, 17u, 100u}) {
        std::vector<Bytes> messages;
        for (std::size_t i = 0; i < count; ++i) {
            messages.push_back(Bytes(memory).first(memory.size() * i / count));
        }
        std::vector<TypeParam> digests(count);
        digest_many<TypeParam>(messages, digests);
        EXPECT_EQ(digests, expected<TypeParam>(messages));
    }
}

TEST(HashPairs, MakesALevelOfATreeAlsoInItsOwnPlace) {
    for (const std::size_t count : {0u, 1u, 2u, 15u, 16u, 63u, 64u, 65u, 200u}) {
        const ByteVector memory = random_bytes(count * 64);
        std::vector<Sha256Digest> nodes;
        std::vector<Sha256Digest> parents;
        for (std::size_t i = 0; i < count; ++i) {
            const Bytes pair = Bytes(memory).subspan(i * 64, 64);
            nodes.push_back(Sha256Digest::from(pair.first(32)));
            nodes.push_back(Sha256Digest::from(pair.last(32)));
            parents.push_back(sha256(pair));
        }
        hash_pairs(nodes, std::span(nodes).first(count));
        nodes.resize(count);
        EXPECT_EQ(nodes, parents);
    }
}

}  // namespace
}  // namespace shoal::hashing
