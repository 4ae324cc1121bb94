#include "node/item.h"

#include <gtest/gtest.h>

namespace shoal::node {
namespace {

Item full_item() {
    Item item{.id = 7,
              .kind = Kind::fetched,
              .intent = Intent::paused,
              .name = "Bài giảng \"1\".pdf",
              .path = "/home/Lan/downloads/Bài giảng",
              .info_hash = InfoHash{},
              .piece_length = 1 << 20,
              .watched = true,
              .complete = true,
              .stamp = Sha1Digest{},
              .magnet = "magnet:?xt=urn:btih:1",
              .trackers = {"http://a/announce", "http://b/announce"},
              .from = {"10.0.0.1:6881"},
              .single_source = true,
              .files = {"*.pdf"},
              .unwanted = {{0, 3}, {7, 7}},
              .taken_back = true,
              .max_down = 1000,
              .max_up = 2000,
              .added = 1'700'000'000,
              .downloaded = 12'345'678'901,
              .uploaded = 1};
    item.info_hash->bytes.fill(std::byte{0xab});
    item.stamp->bytes.fill(std::byte{0x01});
    return item;
}

TEST(Item, ARecordSaysAllOfIt) {
    const auto read = decode_item(encode_item(full_item()));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, full_item());
}

TEST(Item, ARecordOfContentThatIsNotHashedYet) {
    const Item item{.id = 1, .name = "x", .path = "/x"};
    const auto read = decode_item(encode_item(item));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, item);
}

TEST(Item, FilesThatAreNotWantedAreRanges) {
    const std::vector<bool> wanted{false, false, true, false, true};
    const std::vector<FileRange> ranges{{0, 1}, {3, 3}};
    EXPECT_EQ(unwanted_ranges(wanted), ranges);
    EXPECT_EQ(wanted_of(ranges, 5), wanted);
    EXPECT_EQ(wanted_of({{1, 4'000'000'000}}, 3), (std::vector<bool>{true, false, false}));
    EXPECT_TRUE(unwanted_ranges({true, true}).empty());
}

TEST(Item, DamagedRecordsAreRefused) {
    const std::string good = encode_item(full_item());
    EXPECT_FALSE(decode_item(""));
    EXPECT_FALSE(decode_item("[]"));
    EXPECT_FALSE(decode_item("{}"));
    for (std::size_t cut = 0; cut + 2 < good.size(); ++cut) {
        EXPECT_FALSE(decode_item(std::string_view(good).substr(0, cut)));
    }
    const auto with = [&](std::string_view from, std::string_view to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        return decode_item(text);
    };
    EXPECT_FALSE(with("\"version\":1", "\"version\":2"));
    EXPECT_FALSE(with("\"fetched\"", "\"stolen\""));
    EXPECT_FALSE(with("\"paused\"", "\"sleeping\""));
    EXPECT_FALSE(with("\"id\":7", "\"id\":0"));
    EXPECT_FALSE(with("[0,3,7,7]", "[0,3,7]"));
    EXPECT_FALSE(with("[0,3,7,7]", "[0,3,2,7]"));
    EXPECT_FALSE(with("[0,3,7,7]", "[3,0,7,7]"));
    EXPECT_FALSE(with("[0,3,7,7]", "[-1,3]"));
    EXPECT_FALSE(with("[0,3,7,7]", "\"all\""));
    EXPECT_FALSE(with("\"/home", "\"home"));
    EXPECT_FALSE(with("\"watched\":true", "\"watched\":1"));
    EXPECT_FALSE(with("abababab", "ababab"));
    EXPECT_FALSE(with("\"10.0.0.1:6881\"", "17"));
}

}  // namespace
}  // namespace shoal::node
