#include "engine/seeding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.h"

namespace shoal::engine {
namespace {

using ::testing::HasSubstr;
using testing::share;

class SeedingTest : public testing::EngineTest {
  protected:
    metainfo::Metainfo torrent_ = share(folder_, metainfo::Format::v1);
};

TEST_F(SeedingTest, TakesTheContentItselfOrTheFolderThatHoldsIt) {
    EXPECT_EQ(seed(*seeder_, {.torrent = torrent_, .path = folder_.path()}), "");
    EXPECT_EQ(seed(*seeder_, {.torrent = torrent_, .path = folder_ / "shared"}), "");
}

TEST_F(SeedingTest, RefusesDamagedContentUnlessPartIsEnough) {
    folder_.write("shared/notes.txt", std::string(5'000, 'x'));
    EXPECT_THAT(seed(*seeder_, {.torrent = torrent_, .path = folder_.path()}),
                HasSubstr("not complete"));
    EXPECT_EQ(seed(*seeder_, {.torrent = torrent_, .path = folder_.path(), .partial = true}), "");
    EXPECT_LT(seeding_->status().have, 905'001);
    EXPECT_GT(seeding_->status().have, 800'000);
}

TEST_F(SeedingTest, NamesAFileThatIsMissing) {
    std::filesystem::remove(folder_ / "shared/notes.txt");
    EXPECT_THAT(seed(*seeder_, {.torrent = torrent_, .path = folder_.path()}),
                HasSubstr("notes.txt"));
}

TEST_F(SeedingTest, ServesTheFilesThatWereWantedAlone) {
    const auto& files = torrent_.info->layout().files();
    std::vector<bool> wanted(files.size(), true);
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (!files[i].padding && files[i].path.back() == "notes.txt") wanted[i] = false;
    }
    std::filesystem::remove(folder_ / "shared/notes.txt");
    for (const bool verified : {false, true}) {
        EXPECT_EQ(seed(*seeder_, {.torrent = torrent_,
                                  .path = folder_.path(),
                                  .wanted = wanted,
                                  .verified = verified}),
                  "");
        EXPECT_LT(seeding_->status().have, 905'001);
        EXPECT_GT(seeding_->status().have, 800'000);
    }
    // What was wanted is missed all the same.
    std::filesystem::remove(folder_ / "shared/tập 1/ảnh.jpg");
    EXPECT_THAT(seed(*seeder_, {.torrent = torrent_, .path = folder_.path(), .wanted = wanted}),
                HasSubstr("not complete"));
}

TEST_F(SeedingTest, DoesNotReadAgainWhatItsOwnerHasVerified) {
    folder_.write("shared/notes.txt", std::string(5'000, 'x'));
    EXPECT_EQ(seed(*seeder_, {.torrent = torrent_, .path = folder_.path(), .verified = true}), "");
    EXPECT_EQ(seeding_->status().have, 905'001);
}

TEST_F(SeedingTest, ReadsAgainWhatHasAnotherSizeThanTheVerifiedContent) {
    folder_.write("shared/notes.txt", "short");
    EXPECT_THAT(seed(*seeder_, {.torrent = torrent_, .path = folder_.path(), .verified = true}),
                HasSubstr("notes.txt"));
}

TEST_F(SeedingTest, ContentThatIsNotThereIsAnError) {
    EXPECT_NE(seed(*seeder_, {.torrent = torrent_, .path = folder_ / "nowhere"}), "");
}

TEST_F(SeedingTest, EndsWhenToldWhileItStillVerifies) {
    bool called_back = false;
    Seeding seeding(*seeder_, {.torrent = torrent_, .path = folder_.path()},
                    {.on_ready = [&] { called_back = true; },
                     .on_error = [&](const Error&) { called_back = true; }});
    seeding.start();
    bool stopped = false;
    seeding.stop([&] { stopped = true; });
    ASSERT_TRUE(run_until([&] { return stopped; }));
    io_.restart();
    io_.run_for(50ms);
    EXPECT_FALSE(called_back);
}

}  // namespace
}  // namespace shoal::engine
