#include "swarm/blame.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace shoal::swarm {
namespace {

const Sha1Digest good = sha1(bytes_of("good"));
const Sha1Digest bad = sha1(bytes_of("bad"));

TEST(Blame, NamesTheOnlySenderAtOnce) {
    Blame blame;
    const auto liars = blame.failed(PieceIndex(0), {{good, PeerKey(1)}, {bad, PeerKey(1)}});
    EXPECT_EQ(liars, std::vector{PeerKey(1)});
}

TEST(Blame, FindsTheLiarAmongSeveralByItsBlock) {
    Blame blame;
    const std::vector<Blame::Block> blocks = {
        {good, PeerKey(1)}, {bad, PeerKey(2)}, {good, PeerKey(3)}};
    EXPECT_TRUE(blame.failed(PieceIndex(4), blocks).empty());
    EXPECT_TRUE(blame.suspects(PieceIndex(4)));
    EXPECT_FALSE(blame.suspects(PieceIndex(5)));
    EXPECT_EQ(blame.proven_good(PieceIndex(4), {good, good, good}), std::vector{PeerKey(2)});
    EXPECT_FALSE(blame.suspects(PieceIndex(4)));
}

}  // namespace
}  // namespace shoal::swarm
