#include "hashing/kernels.h"

#include <gtest/gtest.h>

#include "hashing/many.h"
#include "support.h"

namespace shoal::hashing {
namespace {

using testing::expected;
using testing::random_bytes;

template <class DigestType>
class Kernels : public ::testing::Test {
  protected:
    /// Digests of the messages by one kernel alone, however few they are.
    static std::vector<DigestType> digests(Kernel kernel, const std::vector<Bytes>& messages) {
        kernel.worth_from = 1;
        const std::vector<Kernel> alone = {kernel, usable_kernels<DigestType>().back()};
        ManyHasher<DigestType> hasher(messages.size(), alone);
        hasher.update(messages);
        std::vector<DigestType> found(messages.size());
        hasher.finish(found);
        return found;
    }
};

using Digests = ::testing::Types<Sha1Digest, Sha256Digest>;
TYPED_TEST_SUITE(Kernels, Digests);

TYPED_TEST(Kernels, AgreeWithOpenSslOnEveryLength) {
    const ByteVector memory = random_bytes(400);
    std::vector<Bytes> messages;
    for (std::size_t size = 0; size <= 400; ++size) {
        messages.push_back(Bytes(memory).last(size));
    }
    for (const Kernel& kernel : usable_kernels<TypeParam>()) {
        EXPECT_EQ(this->digests(kernel, messages), expected<TypeParam>(messages)) << kernel.name;
    }
}

TYPED_TEST(Kernels, AgreeWithOpenSslAtEveryAlignment) {
    const ByteVector memory = random_bytes(500);
    for (const Kernel& kernel : usable_kernels<TypeParam>()) {
        for (std::size_t at = 0; at < 64; ++at) {
            // Every lane at a place of its own, and each in its turn at this one.
            std::vector<Bytes> messages;
            for (std::size_t lane = 0; lane < kernel.lanes; ++lane) {
                messages.push_back(Bytes(memory).subspan((at + 5 * lane) % 64, 256));
            }
            EXPECT_EQ(this->digests(kernel, messages), expected<TypeParam>(messages))
                << kernel.name << " at " << at;
        }
    }
}

TYPED_TEST(Kernels, AgreeWithOpenSslOnAnyNumberOfMessagesOfAnyLengths) {
    std::mt19937 random(7);
    const ByteVector memory = random_bytes(70'000);
    for (const Kernel& kernel : usable_kernels<TypeParam>()) {
        for (std::size_t count = 1; count <= 2 * max_lanes + 1; ++count) {
            std::vector<Bytes> messages;
            for (std::size_t i = 0; i < count; ++i) {
                const std::size_t at = random() % 100;
                const std::size_t longest = i % 3 == 0 ? memory.size() - at : 1000;
                messages.push_back(Bytes(memory).subspan(at, random() % longest));
            }
            EXPECT_EQ(this->digests(kernel, messages), expected<TypeParam>(messages))
                << kernel.name << ", " << count << " messages";
        }
    }
}

TYPED_TEST(Kernels, ThatAreChosenAreUsableAndCanDoWithOneMessage) {
    const auto usable = usable_kernels<TypeParam>();
    const auto chosen = chosen_kernels<TypeParam>();
    EXPECT_EQ(usable.back().lanes, 1u);
    EXPECT_EQ(chosen.back().lanes, 1u);
    EXPECT_EQ(chosen.back().worth_from, 1u);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        EXPECT_LE(chosen[i].worth_from, chosen[i].lanes);
        EXPECT_LE(chosen[i].lanes, i == 0 ? max_lanes : chosen[i - 1].lanes);
        EXPECT_TRUE(std::ranges::any_of(
            usable, [&](const Kernel& kernel) { return kernel.compress == chosen[i].compress; }));
    }
}

}  // namespace
}  // namespace shoal::hashing
