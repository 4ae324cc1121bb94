#include "disk/piece_batch.h"

#include <gtest/gtest.h>
#include <map>
#include <optional>

#include "fixture.h"
#include "temp_folder.h"

namespace shoal::disk {
namespace {

using namespace testing;
using metainfo::PieceDigests;

/// What a batch did with a task.
struct Record {
    std::vector<BlockRange> ahead;
    std::optional<Result<PieceDigests>> result;
};

/// A piece of a torrent in memory, of which bytes from `broken_from` on cannot be read.
class MemoryPiece final : public PieceTask {
  public:
    MemoryPiece(const Torrent& torrent, std::uint32_t piece, Record& record,
                std::uint32_t broken_from = ~0u)
        : PieceTask(torrent.layout(), torrent.info->format(), PieceIndex(piece)),
          torrent_(torrent),
          record_(record),
          broken_from_(broken_from) {}

    void read_ahead(const BlockRange& range) override { record_.ahead.push_back(range); }
    Result<Bytes> read(std::uint32_t offset, MutableBytes scratch) override {
        if (offset + scratch.size() > broken_from_) {
            return fail(ErrorCode::failed, "a broken disk");
        }
        const Bytes bytes = torrent_.piece(piece()).subspan(offset, scratch.size());
        // Every other piece has its bytes in memory of its own, some of them at a time.
        if (piece().value() % 2 == 0) {
            return bytes.size() > block_size ? bytes.first(block_size) : bytes;
        }
        std::ranges::copy(bytes, scratch.begin());
        return scratch;
    }
    void end(const Result<PieceDigests>& result) override {
        EXPECT_FALSE(record_.result) << "ended twice";
        record_.result = result;
    }

  private:
    const Torrent& torrent_;
    Record& record_;
    const std::uint32_t broken_from_;
};

Torrent large_torrent(Format format, std::uint32_t piece_length) {
    using metainfo::testing::content;
    return make_torrent({{{"a"}, content(10'000'000, 1)}, {{"b"}, content(70'000, 2)}}, format,
                        "folder", true, piece_length);
}

TEST(PieceBatch, HashesPiecesOfAnyLengthAndFormatTogether) {
    std::vector<Torrent> torrents;
    for (const Format format : {Format::v1, Format::v2, Format::hybrid}) {
        for (const std::uint32_t length : {1u << 18, 1u << 20, 1u << 23}) {
            torrents.push_back(large_torrent(format, length));
        }
    }
    std::map<std::pair<std::size_t, std::uint32_t>, Record> records;
    std::vector<std::pair<std::size_t, std::uint32_t>> waiting;
    for (std::size_t t = 0; t < torrents.size(); ++t) {
        for (std::uint32_t i = 0; i < torrents[t].piece_count(); ++i) waiting.emplace_back(t, i);
    }
    PieceBatch batch;
    ByteCount read = 0;
    while (!waiting.empty() || !batch.empty()) {
        while (!batch.full() && !waiting.empty()) {
            const auto key = waiting.back();
            waiting.pop_back();
            batch.add(std::make_unique<MemoryPiece>(torrents[key.first], key.second, records[key]));
        }
        read += batch.step();
    }
    EXPECT_EQ(read, std::ssize(torrents) * 10'070'000);
    for (const auto& [key, record] : records) {
        const metainfo::Info& info = *torrents[key.first].info;
        ASSERT_TRUE(record.result && *record.result);
        EXPECT_EQ(judge(info, PieceIndex(key.second), **record.result), Verdict::good)
            << metainfo::format_name(info.format()) << " piece " << key.second;
    }
}

TEST(PieceBatch, EndsThePieceThatCannotBeReadAndNoOther) {
    const Torrent torrent = large_torrent(Format::v1, 1 << 20);
    std::array<Record, 3> records;
    PieceBatch batch;
    for (std::uint32_t i = 0; i < records.size(); ++i) {
        batch.add(std::make_unique<MemoryPiece>(torrent, i, records[i], i == 1 ? 300'000 : ~0u));
    }
    while (!batch.empty()) batch.step();
    ASSERT_TRUE(records[0].result && records[1].result && records[2].result);
    EXPECT_TRUE(*records[0].result);
    EXPECT_EQ(message_of(*records[1].result), "a broken disk");
    EXPECT_TRUE(*records[2].result);
}

TEST(PieceBatch, AsksForEveryByteAheadOnceInLargeParts) {
    const Torrent torrent = file_torrent(9 << 20, 16 << 20);
    Record record;
    PieceBatch batch;
    batch.add(std::make_unique<MemoryPiece>(torrent, 0, record));
    while (!batch.empty()) batch.step();
    std::uint32_t at = 0;
    for (const BlockRange& range : record.ahead) {
        EXPECT_EQ(range.offset, at);
        at += range.length;
    }
    EXPECT_EQ(at, 9u << 20);
    EXPECT_EQ(record.ahead.size(), 3u);
}

/// A piece whose bytes lie in a file as well, where they may be mapped.
class MappedPiece final : public PieceTask {
  public:
    MappedPiece(const Torrent& torrent, std::shared_ptr<File> file, std::size_t& reads,
                Record& record)
        : PieceTask(torrent.layout(), torrent.info->format(), PieceIndex(0)),
          torrent_(torrent),
          file_(std::move(file)),
          reads_(reads),
          record_(record) {}

    void read_ahead(const BlockRange& range) override { record_.ahead.push_back(range); }
    Mapping map(const BlockRange& range) override { return file_->map(range.offset, range.length); }
    Result<Bytes> read(std::uint32_t offset, MutableBytes scratch) override {
        reads_ += scratch.size();
        return torrent_.piece(piece()).subspan(offset, scratch.size());
    }
    void end(const Result<PieceDigests>& result) override { record_.result = result; }

  private:
    const Torrent& torrent_;
    const std::shared_ptr<File> file_;
    std::size_t& reads_;
    Record& record_;
};

class MappedPieceTest : public ::testing::Test {
  protected:
    void add() {
        const auto folder = native_file_system()->open_folder(temporary.path(), false);
        file = (*folder)->open("file", Access::write).value();
        batch.add(std::make_unique<MappedPiece>(torrent, file, reads, record));
    }
    void finish() {
        while (!batch.empty()) batch.step();
        ASSERT_TRUE(record.result && *record.result);
        EXPECT_EQ(judge(*torrent.info, PieceIndex(0), **record.result), Verdict::good);
    }

    const Torrent torrent = file_torrent(9 << 20, 16 << 20);
    TempFolder temporary;
    const std::filesystem::path path =
        temporary.write("file", std::string(text_of(torrent.piece(PieceIndex(0)))));
    std::shared_ptr<File> file;
    std::size_t reads = 0;
    Record record;
    PieceBatch batch;
};

TEST_F(MappedPieceTest, WhatIsInMemoryIsHashedWhereItLies) {
    add();
    finish();
    EXPECT_EQ(reads, 0u);
    EXPECT_TRUE(record.ahead.empty());
}

TEST_F(MappedPieceTest, AFileThatIsCutShortMeanwhileIsReadAnewByCalls) {
    add();
    batch.step();
    ASSERT_TRUE(file->resize(1 << 20));
    finish();
    EXPECT_EQ(reads, 9u << 20) << "from the beginning on";
}

TEST(PieceBatch, CanBeAbandonedAndUsedAgain) {
    const Torrent torrent = large_torrent(Format::hybrid, 1 << 20);
    Record first;
    Record second;
    PieceBatch batch;
    batch.add(std::make_unique<MemoryPiece>(torrent, 0, first));
    batch.step();
    batch.abandon({ErrorCode::cancelled, "enough"});
    EXPECT_TRUE(batch.empty());
    ASSERT_TRUE(first.result);
    EXPECT_EQ(message_of(*first.result), "enough");
    batch.add(std::make_unique<MemoryPiece>(torrent, 1, second));
    while (!batch.empty()) batch.step();
    ASSERT_TRUE(second.result && *second.result);
    EXPECT_EQ(judge(*torrent.info, PieceIndex(1), **second.result), Verdict::good);
}

}  // namespace
}  // namespace shoal::disk
