#include "wire/extension.h"

#include <gtest/gtest.h>

namespace shoal::wire {
namespace {

TEST(ExtensionHandshake, ComesBackAsItWasSent) {
    const ExtensionHandshake sent{.metadata_id = 1,
                                  .upload_only_id = 2,
                                  .metadata_size = 1234,
                                  .listen_port = 6881,
                                  .request_queue = 2048,
                                  .upload_only = true,
                                  .client = "shoal"};
    const std::string text = sent.encode();
    const auto received = ExtensionHandshake::parse(bytes_of(text));
    ASSERT_TRUE(received);
    EXPECT_EQ(received->metadata_id, 1);
    EXPECT_EQ(received->upload_only_id, 2);
    EXPECT_EQ(received->metadata_size, 1234u);
    EXPECT_EQ(received->listen_port, 6881);
    EXPECT_EQ(received->request_queue, 2048u);
    EXPECT_TRUE(received->upload_only);
    EXPECT_EQ(received->client, "shoal");
}

TEST(ExtensionHandshake, LeavesAbsurdFieldsAtTheirDefaults) {
    const auto received = ExtensionHandshake::parse(
        bytes_of("d1:md11:ut_metadatai999ee13:metadata_sizei-5e1:pi70000e4:reqqi0ee"));
    ASSERT_TRUE(received);
    EXPECT_EQ(received->metadata_id, 0);
    EXPECT_FALSE(received->metadata_size);
    EXPECT_FALSE(received->listen_port);
    EXPECT_EQ(received->request_queue, 250u);
    EXPECT_FALSE(ExtensionHandshake::parse(bytes_of("i1e")));
    EXPECT_FALSE(ExtensionHandshake::parse(bytes_of("d1:m")));
}

TEST(MetadataMessage, CarriesItsDataBehindTheDictionary) {
    const MetadataMessage sent{.type = MetadataMessage::Type::data,
                               .piece = 2,
                               .total_size = 40000,
                               .data = bytes_of("payload")};
    const std::string text = sent.encode();
    EXPECT_EQ(text, "d8:msg_typei1e5:piecei2e10:total_sizei40000eepayload");
    const auto received = MetadataMessage::parse(bytes_of(text));
    ASSERT_TRUE(received);
    EXPECT_EQ(text_of(received->data), "payload");
    EXPECT_EQ(received->piece, 2u);
}

TEST(MetadataMessage, RefusesWhatHasNoTypeOrPiece) {
    for (const auto* bad : {"de", "d8:msg_typei3e5:piecei0ee", "d8:msg_typei0e5:piecei-1ee", "x"}) {
        EXPECT_FALSE(MetadataMessage::parse(bytes_of(bad))) << bad;
    }
}

}  // namespace
}  // namespace shoal::wire
