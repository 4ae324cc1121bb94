#include "wire/handshake.h"

#include <gtest/gtest.h>

namespace shoal::wire {
namespace {

TEST(Handshake, ComesBackAsItWasSent) {
    Handshake sent{.fast = true, .extended = true, .upgrades = false};
    sent.info_hash.bytes.fill(std::byte{1});
    sent.peer_id.bytes.fill(std::byte{2});
    const auto bytes = sent.encode();
    const auto received = Handshake::parse(bytes);
    ASSERT_TRUE(received);
    EXPECT_TRUE(received->fast);
    EXPECT_TRUE(received->extended);
    EXPECT_FALSE(received->upgrades);
    EXPECT_EQ(received->info_hash, sent.info_hash);
    EXPECT_EQ(received->peer_id, sent.peer_id);
}

TEST(Handshake, PutsTheExtensionBitWhereBep10WantsIt) {
    const auto bytes = Handshake{.extended = true}.encode();
    EXPECT_EQ(bytes[25], std::byte{0x10});
    EXPECT_EQ(bytes[27], std::byte{0});
}

TEST(Handshake, NamesTheClientOnlyWhenItIsPrintable) {
    const ByteVector random(12, std::byte{0x41});
    EXPECT_EQ(client_of(make_peer_id(random)), "-SH0100-");
    EXPECT_EQ(client_of(PeerId{}), "0000000000000000");
}

}  // namespace
}  // namespace shoal::wire
