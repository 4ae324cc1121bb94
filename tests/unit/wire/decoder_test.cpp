#include "wire/decoder.h"

#include <algorithm>
#include <deque>
#include <gtest/gtest.h>
#include <map>

#include "base/random.h"
#include "wire/encoder.h"

namespace shoal::wire {
namespace {

/// Feeds a stream in portions of the given sizes and writes down what comes out.
class Feed {
  public:
    explicit Feed(bool accept_blocks = true) : accept_(accept_blocks) {}

    Result<void> run(Bytes stream, std::size_t portion) {
        while (!stream.empty()) {
            std::size_t taken = 0;
            for (const MutableBytes buffer : decoder_.prepare(expected())) {
                const std::size_t n =
                    std::min({buffer.size(), stream.size() - taken, portion - taken});
                std::ranges::copy(stream.subspan(taken, n), buffer.begin());
                taken += n;
            }
            decoder_.commit(taken);
            stream = stream.subspan(taken);
            for (;;) {
                auto event = decoder_.poll();
                if (!event) return std::unexpected(event.error());
                if (!*event) break;
                handle(**event);
            }
        }
        return {};
    }

    /// Blocks that are thought to come, in this order; those that have come are left out.
    std::deque<BlockRange> forecast;
    std::vector<Message> messages;
    std::vector<BlockRange> blocks;
    std::vector<ByteVector> contents;
    ByteVector bitfield;

  private:
    std::span<const ExpectedBlock> expected() {
        expected_.clear();
        if (!decoder_.can_expect()) return {};
        for (const BlockRange& range : forecast) {
            expected_.push_back({range, place_of(range)});
        }
        return expected_;
    }
    MutableBytes place_of(const BlockRange& range) {
        ByteVector& place = places_[{range.piece.value(), range.offset}];
        place.resize(range.length);
        return place;
    }

    void handle(const Event& event) {
        if (const auto* message = std::get_if<Message>(&event)) {
            messages.push_back(*message);
            if (const auto* bits = std::get_if<BitfieldMessage>(message)) {
                bitfield.assign(bits->bits.begin(), bits->bits.end());
            }
        } else if (const auto* start = std::get_if<BlockStart>(&event)) {
            std::erase(forecast, start->range);
            decoder_.accept_block(accept_ ? place_of(start->range) : MutableBytes{});
        } else if (const auto* end = std::get_if<BlockEnd>(&event)) {
            EXPECT_EQ(end->accepted, accept_ || end->range.length == 0);
            blocks.push_back(end->range);
            const MutableBytes place = place_of(end->range);
            contents.emplace_back(place.begin(), place.end());
        }
    }

    Decoder decoder_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, ByteVector> places_;
    std::vector<ExpectedBlock> expected_;
    bool accept_;
};

ByteVector handshake_bytes() {
    const auto bytes = Handshake{.fast = true, .extended = true}.encode();
    return {bytes.begin(), bytes.end()};
}

void append_block(ByteVector& stream, const BlockRange& range) {
    std::ranges::copy(encode_piece_header(range), std::back_inserter(stream));
    for (std::uint32_t i = 0; i < range.length; ++i) {
        stream.push_back(static_cast<std::byte>(range.offset / block_size + i));
    }
}

TEST(Decoder, PutsBlocksInPlaceWhateverThePortions) {
    ByteVector stream = handshake_bytes();
    encode(Unchoke{}, stream);
    std::vector<BlockRange> sent;
    for (std::uint32_t i = 0; i < 5; ++i) {
        sent.push_back({PieceIndex(3), i * block_size, i == 4 ? 100 : block_size});
        append_block(stream, sent.back());
        if (i == 2) encode(Have{PieceIndex(9)}, stream);
    }
    for (const std::size_t portion : {1u, 7u, 13u, 4096u, 16397u, 1u << 20}) {
        Feed feed;
        ASSERT_TRUE(feed.run(stream, portion)) << portion;
        EXPECT_EQ(feed.blocks, sent) << portion;
        EXPECT_EQ(feed.messages.size(), 2u);
        EXPECT_EQ(feed.contents[3][10], std::byte{13});
        EXPECT_EQ(feed.contents[4].size(), 100u);
    }
}

TEST(Decoder, TakesBlocksThatWereExpectedAndThoseThatWereNot) {
    Random random(3);
    for (int round = 0; round < 300; ++round) {
        ByteVector stream = handshake_bytes();
        std::vector<BlockRange> sent;
        std::size_t messages = 0;
        for (std::uint32_t i = 0; i < 40; ++i) {
            if (random.below(8) == 0) {
                encode(Have{PieceIndex(9)}, stream);
                ++messages;
            }
            const auto length = static_cast<std::uint32_t>(1 + random.below(2000));
            sent.push_back({PieceIndex(3), i * block_size, length});
            append_block(stream, sent.back());
        }
        Feed feed(round % 3 != 0);
        for (const BlockRange& range : sent) {
            if (random.below(12) == 0) feed.forecast.push_back({PieceIndex(7), range.offset, 100});
            if (random.below(12) != 0) feed.forecast.push_back(range);
        }
        if (round % 4 == 0) random.shuffle(feed.forecast);
        ASSERT_TRUE(feed.run(stream, 1 + random.below(20'000)));
        EXPECT_EQ(feed.blocks, sent);
        EXPECT_EQ(feed.messages.size(), messages);
        if (round % 3 == 0) continue;
        for (std::size_t i = 0; i < sent.size(); ++i) {
            ByteVector block;
            append_block(block, sent[i]);
            block.erase(block.begin(), block.begin() + piece_header_size);
            EXPECT_EQ(feed.contents[i], block) << "round " << round << " block " << i;
        }
    }
}

TEST(Decoder, ThrowsUnwantedBlocksAwayAndGoesOn) {
    ByteVector stream = handshake_bytes();
    append_block(stream, {PieceIndex(0), 0, block_size});
    encode(Choke{}, stream);
    Feed feed(false);
    ASSERT_TRUE(feed.run(stream, 1000));
    EXPECT_EQ(feed.blocks.size(), 1u);
    ASSERT_EQ(feed.messages.size(), 1u);
    EXPECT_TRUE(std::holds_alternative<Choke>(feed.messages[0]));
}

TEST(Decoder, GrowsForALongBitfieldAndNoFurther) {
    const ByteVector bits(250'000, std::byte{0xff});
    ByteVector stream = handshake_bytes();
    encode(BitfieldMessage{bits}, stream);
    Feed feed;
    ASSERT_TRUE(feed.run(stream, 999));
    EXPECT_EQ(feed.bitfield, bits);

    ByteVector absurd = handshake_bytes();
    for (const int byte : {0x7f, 0xff, 0xff, 0xff, 5}) absurd.push_back(std::byte(byte));
    EXPECT_FALSE(Feed().run(absurd, 100));
}

TEST(Decoder, RefusesWrongSizesAndOtherProtocols) {
    const auto broken = [](std::vector<int> message) {
        ByteVector stream = handshake_bytes();
        for (const int byte : message) stream.push_back(std::byte(byte));
        return !Feed().run(stream, 64);
    };
    EXPECT_TRUE(broken({0, 0, 0, 2, 0, 0}));                       // choke with a payload
    EXPECT_TRUE(broken({0, 0, 0, 4, 4, 0, 0, 0}));                 // have, too short
    EXPECT_TRUE(broken({0, 0, 0, 5, 6, 0, 0, 0, 0}));              // request, too short
    EXPECT_TRUE(broken({0, 0, 0, 1, 20}));                         // extended without id
    EXPECT_TRUE(broken({0, 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0}));     // piece without offset
    EXPECT_TRUE(broken({0, 3, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0}));  // a block of 192 KiB
    EXPECT_FALSE(broken({0, 0, 0, 3, 99, 1, 2}));                  // unknown: ignored
    EXPECT_FALSE(Feed().run(bytes_of("GET / HTTP/1.1\r\n"), 64));
}

TEST(Decoder, EveryMessageComesBackAsItWasSent) {
    ByteVector stream = handshake_bytes();
    const BlockRange range{PieceIndex(1), 2, 3};
    const ByteVector payload(5, std::byte{7});
    const std::vector<Message> sent = {KeepAlive{},
                                       Choke{},
                                       Unchoke{},
                                       Interested{},
                                       NotInterested{},
                                       Have{PieceIndex(4)},
                                       Request{range},
                                       Cancel{range},
                                       SuggestPiece{PieceIndex(5)},
                                       HaveAll{},
                                       HaveNone{},
                                       RejectRequest{range},
                                       AllowedFast{PieceIndex(6)},
                                       Extended{3, payload}};
    for (const auto& message : sent) encode(message, stream);
    Feed feed;
    ASSERT_TRUE(feed.run(stream, 50));
    ASSERT_EQ(feed.messages.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(feed.messages[i].index(), sent[i].index());
    }
    EXPECT_EQ(std::get<Cancel>(feed.messages[7]).range, range);
    EXPECT_EQ(std::get<Extended>(feed.messages[13]).id, 3);
}

}  // namespace
}  // namespace shoal::wire
