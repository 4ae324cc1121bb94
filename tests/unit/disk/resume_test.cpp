#include "disk/resume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "faulty_file_system.h"
#include "fixture.h"

namespace shoal::disk {
namespace {

using namespace testing;
using ::testing::IsEmpty;

/// A download with some of its pieces on disk, and a record of them.
class ResumeTest : public ::testing::Test {
  protected:
    ResumeTest() {
        EXPECT_TRUE(storage->prepare());
        for (std::uint32_t i = 0; i < 20; ++i) store(i);
        record = make_record();
    }
    void store(std::uint32_t piece) {
        ASSERT_TRUE(write_piece(*storage, torrent, piece));
        have.set(piece);
    }
    Record make_record() {
        EXPECT_TRUE(storage->sync());
        return {.info_hash = torrent.info->info_hash(),
                .generation = 3,
                .saved_at = files.now(),
                .progress = {.pieces = have, .downloaded = 5, .uploaded = 7, .clean = false},
                .wanted = storage->wanted_files(),
                .stamps = storage->stamps()};
    }
    ResumePlan plan(const Record* from) {
        EXPECT_TRUE(storage->look());
        auto made = plan_resume(from, *storage, random);
        EXPECT_TRUE(made) << message_of(made);
        return std::move(*made);
    }

    FaultyFileSystem files;
    Random random{1};
    Torrent torrent = file_torrent(60 * (16 << 10));
    std::shared_ptr<Folder> root = *files.open_folder("/root", true);
    std::unique_ptr<Storage> storage =
        std::make_unique<Storage>(torrent.info, ContentPlace{root, "file", root});
    Bitfield have{60};
    Record record;
};

std::size_t claimed(const ResumePlan& plan) {
    return plan.believed.count() + plan.sample.size();
}

TEST_F(ResumeTest, ARecordComesBackAsItWas) {
    const auto back = decode_record(encode_record(record), *torrent.info);
    ASSERT_TRUE(back) << message_of(back);
    EXPECT_EQ(back->generation, 3u);
    EXPECT_EQ(back->saved_at, record.saved_at);
    EXPECT_EQ(back->progress.pieces, have);
    EXPECT_EQ(back->progress.downloaded, 5);
    EXPECT_EQ(back->progress.uploaded, 7);
    EXPECT_FALSE(back->progress.clean);
    EXPECT_EQ(back->wanted, record.wanted);
    EXPECT_EQ(back->stamps, record.stamps);
}

TEST_F(ResumeTest, EveryDamagedByteAndEveryLengthIsNoticed) {
    const ByteVector encoded = encode_record(record);
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        ByteVector damaged = encoded;
        damaged[i] ^= std::byte{0x10};
        EXPECT_FALSE(decode_record(damaged, *torrent.info)) << i;
        EXPECT_FALSE(decode_record(Bytes(encoded).first(i), *torrent.info)) << i;
    }
    ByteVector longer = encoded;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(decode_record(longer, *torrent.info));
}

TEST_F(ResumeTest, AWellFormedRecordWithImpossibleValuesIsRefused) {
    const auto forge = [&](std::size_t at, std::byte value) {
        ByteVector bytes = encode_record(record);
        bytes[at] = value;
        const auto sum = sha256(Bytes(bytes).first(bytes.size() - 32));
        std::ranges::copy(sum.view(), bytes.end() - 32);
        return decode_record(bytes, *torrent.info);
    };
    EXPECT_TRUE(forge(16, std::byte{1}));          // another generation
    EXPECT_FALSE(forge(0, std::byte{'x'}));        // magic
    EXPECT_FALSE(forge(11, std::byte{2}));         // version
    EXPECT_FALSE(forge(32, std::byte{0x80}));      // downloaded less than nothing
    EXPECT_FALSE(forge(48, std::byte{0xee}));      // info hash
    EXPECT_FALSE(forge(68, std::byte{0xff}));      // piece count
    EXPECT_FALSE(forge(72, std::byte{0xff}));      // file count
    EXPECT_FALSE(forge(80 + 7, std::byte{0x0f}));  // a piece beyond the last
}

TEST_F(ResumeTest, ARecordOfAnotherTorrentIsRefused) {
    const Torrent other = file_torrent(60 * (16 << 10) - 1);
    EXPECT_FALSE(decode_record(encode_record(record), *other.info));
}

TEST_F(ResumeTest, BelievesWhatIsAsItWasButForASample) {
    const ResumePlan made = plan(&record);
    EXPECT_EQ(made.believed.count(), 20 - resume_sample);
    EXPECT_EQ(made.sample.size(), resume_sample);
    for (const PieceIndex piece : made.sample) {
        EXPECT_TRUE(have[piece]);
        EXPECT_FALSE(made.believed[piece]);
    }
    EXPECT_THAT(made.check, IsEmpty());
    EXPECT_EQ(made.downloaded, 5);
    EXPECT_EQ(made.uploaded, 7);
    EXPECT_EQ(made.doubt, "");
}

TEST_F(ResumeTest, HashesAllThatHasDataWithoutARecord) {
    const ResumePlan made = plan(nullptr);
    EXPECT_EQ(claimed(made), 0u);
    EXPECT_EQ(made.check.size(), 20u);
}

TEST_F(ResumeTest, HashesWhatWasWrittenAfterTheLastSave) {
    store(40);
    store(41);
    const ResumePlan made = plan(&record);
    EXPECT_EQ(claimed(made), 20u);
    EXPECT_EQ(made.check, (std::vector{PieceIndex(40), PieceIndex(41)}));
}

TEST_F(ResumeTest, DoubtsAFileThatChangedLongAfterTheLastSave) {
    files.advance(FileTime{3600} * 1'000'000'000);
    files.damage("/root/file", 0);
    const ResumePlan made = plan(&record);
    EXPECT_EQ(claimed(made), 0u);
    EXPECT_EQ(made.check.size(), 20u);
    EXPECT_NE(made.doubt.find("/root/file"), std::string::npos);
}

TEST_F(ResumeTest, DoubtsAFileThatChangedAfterAnOrderlyEnd) {
    record.progress.clean = true;
    EXPECT_EQ(claimed(plan(&record)), 20u);
    files.damage("/root/file", 0);
    EXPECT_EQ(claimed(plan(&record)), 0u);
}

TEST_F(ResumeTest, DoubtsAWholeFileThatChangedAtAll) {
    for (std::uint32_t i = 20; i < 60; ++i) store(i);
    record = make_record();
    files.damage("/root/file", 0);
    EXPECT_EQ(claimed(plan(&record)), 0u);
}

TEST_F(ResumeTest, DoubtsAFileOfAnotherLengthOrAnOlderOne) {
    const auto file = root->open("file", Access::write);
    ASSERT_TRUE((*file)->resize(50 * (16 << 10)));
    EXPECT_EQ(claimed(plan(&record)), 0u);
    ASSERT_TRUE((*file)->resize(60 * (16 << 10)));
    EXPECT_EQ(claimed(plan(&record)), 20u);
    record.stamps[0].modified = files.now();
    EXPECT_EQ(claimed(plan(&record)), 0u);
}

TEST_F(ResumeTest, ClaimsNothingOfAFileThatIsGone) {
    files.vanish("/root/file");
    const ResumePlan made = plan(&record);
    EXPECT_EQ(claimed(made), 0u);
}

TEST_F(ResumeTest, HashesAClaimedPieceThatLiesInAHole) {
    record.progress.pieces.set(50);
    const ResumePlan made = plan(&record);
    EXPECT_EQ(claimed(made), 20u);
    EXPECT_EQ(made.check, std::vector{PieceIndex(50)});
}

}  // namespace
}  // namespace shoal::disk
