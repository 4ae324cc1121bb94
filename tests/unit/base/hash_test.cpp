#include "base/hash.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Hash, MatchesThePublishedTestVectors) {
    EXPECT_EQ(sha1(bytes_of("abc")).hex(), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(sha256(bytes_of("abc")).hex(),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hash, DoesNotDependOnThePortionsAndStartsAnewAfterFinish) {
    Sha1 hasher;
    hasher.update(bytes_of("a"));
    hasher.update(bytes_of("bc"));
    EXPECT_EQ(hasher.finish(), sha1(bytes_of("abc")));
    EXPECT_EQ(hasher.finish(), sha1({}));
}

}  // namespace
}  // namespace shoal
