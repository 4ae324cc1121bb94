#include "engine/send_queue.h"

#include <gtest/gtest.h>

#include "../disk/temp_folder.h"
#include "../metainfo/torrents.h"
#include "disk/file_system.h"
#include "wire/encoder.h"

namespace shoal::engine {
namespace {

constexpr std::uint32_t header = wire::piece_header_size;

class SendQueueTest : public ::testing::Test {
  protected:
    SendQueueTest() {
        folder.write("file", text);
        root = *disk::native_file_system()->open_folder(folder.path(), false);
        file = *root->open("file", disk::Access::read);
    }

    /// So many blocks of 100 bytes, which follow each other in the file.
    void add_blocks(std::uint32_t first, std::uint32_t count) {
        std::vector<BlockRange> blocks;
        for (std::uint32_t i = first; i < first + count; ++i) {
            blocks.push_back({PieceIndex(1), 100 * i, 100});
        }
        queue.add_blocks(blocks, {{file, 100 * ByteCount{first}, 100 * ByteCount{count}}});
    }
    std::string block(std::uint32_t index) const {
        const auto head = wire::encode_piece_header({PieceIndex(1), 100 * index, 100});
        return std::string(text_of(head)) + text.substr(100 * index, 100);
    }
    /// Up to so many of the next bytes, of which `sent` are taken out.
    std::string send(std::size_t size, std::size_t sent) {
        ByteVector bytes(size, std::byte{'?'});
        const auto filled = queue.fill(bytes);
        EXPECT_TRUE(filled) << filled.error().message;
        data_sent += queue.pop(std::min(sent, *filled));
        return std::string(text_of(Bytes(bytes).first(*filled)));
    }
    std::string send(std::size_t size) { return send(size, size); }

    const disk::testing::TempFolder folder;
    std::string text = metainfo::testing::content(5000);
    std::shared_ptr<disk::Folder> root;
    std::shared_ptr<disk::File> file;
    SendQueue queue;
    std::size_t data_sent = 0;
};

TEST_F(SendQueueTest, ManyBlocksGoTogetherInPortionsOfAnySize) {
    std::string all;
    for (std::uint32_t i = 0; i < 9; ++i) all += block(i);
    for (const std::size_t portion : {1u, 12u, 13u, 14u, 113u, 200u, 10'000u}) {
        add_blocks(0, 4);
        add_blocks(4, 5);
        EXPECT_EQ(queue.size(), all.size());
        std::string sent;
        while (queue.size() > 0) sent += send(portion);
        EXPECT_EQ(sent, all) << portion;
    }
    EXPECT_EQ(data_sent, 7 * 900u);
}

TEST_F(SendQueueTest, WhatTheLineDidNotTakeComesAgain) {
    add_blocks(0, 3);
    EXPECT_EQ(send(300, 150), (block(0) + block(1) + block(2)).substr(0, 300));
    EXPECT_EQ(send(300, 0), (block(0) + block(1) + block(2)).substr(150));
    EXPECT_EQ(data_sent, 150 - 2 * header);
}

TEST_F(SendQueueTest, MessagesGoAheadOfBlocksThatAreNotBegun) {
    add_blocks(0, 3);
    send(50);
    queue.add(bytes_of("first"));
    queue.add(bytes_of("second"));
    EXPECT_EQ(send(1000, 63 + 3), block(0).substr(50) + "firstsecond" + block(1) + block(2));
    queue.add(bytes_of("third"));
    EXPECT_EQ(send(1000), "stsecondthird" + block(1) + block(2));
    EXPECT_EQ(queue.size(), 0u);
}

TEST_F(SendQueueTest, DataMayLieInSeveralFilesAndBePadding) {
    queue.add_blocks({{{PieceIndex(1), 0, 100}, {PieceIndex(1), 100, 100}}},
                     {{file, 10, 70}, {nullptr, 0, 50}, {file, 500, 80}});
    std::string sent;
    while (queue.size() > 0) sent += send(37);
    const std::string data = text.substr(10, 70) + std::string(50, '\0') + text.substr(500, 80);
    EXPECT_EQ(sent.substr(header, 100), data.substr(0, 100));
    EXPECT_EQ(sent.substr(100 + 2 * header), data.substr(100));
}

TEST_F(SendQueueTest, SaysThatAFileHasBecomeShorter) {
    add_blocks(49, 2);
    ByteVector bytes(1000);
    const auto filled = queue.fill(bytes);
    ASSERT_FALSE(filled);
    EXPECT_EQ(filled.error().code, ErrorCode::bad_data);
}

}  // namespace
}  // namespace shoal::engine
