// Pulls the plug: whatever was not synced is gone, in part or in whole, and the next run must
// neither claim what is not there nor have lost more than came after the last save.
#include <gtest/gtest.h>

#include "disk/workspace.h"
#include "faulty_file_system.h"
#include "fixture.h"
#include "metainfo/path.h"

namespace shoal::disk {
namespace {

using namespace testing;

/// One download over many runs, each of which may end at any moment.
class Ordeal {
  public:
    Ordeal(Torrent torrent, std::uint64_t seed) : torrent_(std::move(torrent)), random_(seed) {}

    FaultyFileSystem& files() { return *files_; }
    Random& random() { return random_; }

    /// Goes on with the download until it is published or the power goes. Returns whether it is
    /// published.
    bool run() {
        auto workspace = Workspace::open(files_, "/dir", torrent_.info->info_hash());
        if (!workspace) return stopped(workspace);
        const auto standing = (*workspace)->standing(torrent_.info, name());
        if (!standing) return stopped(standing);
        if (*standing == Standing::published) {
            expect_whole();
            const auto adopted = (*workspace)->adopt(torrent_.info, name());
            return adopted ? true : stopped(adopted);
        }
        if (*standing == Standing::name_taken) {
            // The record was removed already: all that was left is an empty workspace.
            expect_whole();
            return true;
        }
        auto storage = (*workspace)->open_storage(torrent_.info);
        if (!storage) return stopped(storage);
        auto have = recover(**workspace, **storage);
        if (!have) return stopped(have);
        return download(**workspace, **storage, std::move(*have));
    }

    /// What the runs so far have promised: pieces of a save that succeeded.
    Bitfield& promised() { return promised_; }
    /// Pieces that were written, saved or not.
    Bitfield& written() { return written_; }

    void expect_whole() {
        for (const TestFile& file : torrent_.files) {
            const std::string path =
                "/dir/" + name() +
                (torrent_.info->is_folder() ? "/" + metainfo::join_path(file.path) : "");
            EXPECT_EQ(files_->content(path), file.bytes) << path;
        }
    }

  private:
    [[nodiscard]] const std::string& name() const { return torrent_.info->name(); }

    template <class T>
    bool stopped(const Result<T>& result) {
        EXPECT_TRUE(files_->is_dead()) << message_of(result);
        return false;
    }

    /// What a start does, and the two promises that it has to find kept.
    Result<Bitfield> recover(Workspace& workspace, Storage& storage) {
        const auto plan = workspace.load(storage, random_);
        if (!plan) return std::unexpected(plan.error());
        EXPECT_FALSE(plan->doubt.contains("record")) << plan->doubt;
        EXPECT_GE(plan->downloaded, saves_) << "the record is older than the last save";
        saves_ = plan->downloaded;
        Bitfield have(torrent_.piece_count());
        std::vector<PieceIndex> hashed = plan->check;
        hashed.insert(hashed.end(), plan->sample.begin(), plan->sample.end());
        for (const PieceIndex piece : hashed) {
            const auto verdict = verify(storage, piece);
            if (!verdict) return std::unexpected(verdict.error());
            if (*verdict == Verdict::good) have.set(piece);
        }
        for (std::uint32_t i = 0; i < torrent_.piece_count(); ++i) {
            if (!plan->believed[i]) continue;
            const auto verdict = verify(storage, PieceIndex(i));
            if (!verdict) return std::unexpected(verdict.error());
            EXPECT_EQ(*verdict, Verdict::good) << "piece " << i << " is claimed and not there";
            have.set(i);
        }
        promised_.for_each_set([&](std::size_t piece) {
            EXPECT_TRUE(have[piece]) << "piece " << piece << " is lost";
        });
        return have;
    }

    bool download(Workspace& workspace, Storage& storage, Bitfield have) {
        std::vector<std::uint32_t> missing;
        for (std::uint32_t i = 0; i < torrent_.piece_count(); ++i) {
            if (!have[i]) missing.push_back(i);
        }
        random_.shuffle(missing);
        const auto save = [&] {
            const auto done = workspace.save(storage, {.pieces = have, .downloaded = saves_ + 1});
            if (done) promised_ = have;
            if (done) ++saves_;
            return done;
        };
        for (const std::uint32_t piece : missing) {
            if (const auto done = write_piece(storage, torrent_, piece); !done) {
                return stopped(done);
            }
            have.set(piece);
            written_.set(piece);
            if (random_.below(4) != 0) continue;
            if (const auto done = save(); !done) return stopped(done);
        }
        const auto done =
            workspace.publish(storage, {.pieces = have, .downloaded = saves_}, name());
        if (!done) return stopped(done);
        expect_whole();
        return true;
    }

    Torrent torrent_;
    Random random_;
    std::shared_ptr<FaultyFileSystem> files_ = std::make_shared<FaultyFileSystem>();
    Bitfield promised_{torrent_.piece_count()};
    Bitfield written_{torrent_.piece_count()};
    ByteCount saves_ = 0;  ///< that succeeded: what the record has to know at least
};

constexpr std::array chances = {0.0, 0.3, 0.7, 1.0};

TEST(PowerCut, AtEveryOperationLosesNothingThatWasSavedAndClaimsNothingElse) {
    const Torrent torrent = folder_torrent();
    std::uint64_t last = 0;
    {
        Ordeal whole(torrent, 1);
        ASSERT_TRUE(whole.run());
        last = whole.files().changes();
    }
    ASSERT_GT(last, 30u);
    for (std::uint64_t at = 0; at <= last; ++at) {
        for (const double chance : chances) {
            SCOPED_TRACE(fmt::format("cut after {} changes, chance {}", at, chance));
            Ordeal ordeal(torrent, 1);
            ordeal.files().cut_power_after(at);
            const bool published = ordeal.run();
            ordeal.files().restart(ordeal.random(), chance);
            if (published) ordeal.expect_whole();
            EXPECT_TRUE(ordeal.run());
            ordeal.expect_whole();
            if (::testing::Test::HasFailure()) return;
        }
    }
}

/// So many files in each piece that they are flushed together.
Torrent torrent_of_many_files() {
    std::vector<TestFile> files;
    for (std::uint32_t i = 0; i < 250; ++i) {
        files.push_back({{fmt::format("folder {}", i / 50), fmt::format("file {:03}", i)},
                         metainfo::testing::content(200, i + 1)});
    }
    return make_torrent(std::move(files));
}

TEST(PowerCut, LosesNothingOfManyFilesThatWereFlushedTogether) {
    const Torrent torrent = torrent_of_many_files();
    ASSERT_GT(torrent.piece_count(), 2u);
    std::uint64_t last = 0;
    {
        Ordeal whole(torrent, 1);
        ASSERT_TRUE(whole.run());
        last = whole.files().changes();
    }
    for (std::uint64_t at = 0; at <= last; at += 9) {
        SCOPED_TRACE(fmt::format("cut after {} changes", at));
        Ordeal ordeal(torrent, 1);
        ordeal.files().cut_power_after(at);
        const bool published = ordeal.run();
        ordeal.files().restart(ordeal.random(), at % 2 == 0 ? 0.0 : 0.7);
        if (published) ordeal.expect_whole();
        EXPECT_TRUE(ordeal.run());
        ordeal.expect_whole();
        if (::testing::Test::HasFailure()) return;
    }
}

TEST(PowerCut, AtRandomAgainAndAgainStillEndsWithEveryByte) {
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        Ordeal ordeal(seed % 2 == 0 ? folder_torrent(Format::hybrid) : file_torrent(300'000), seed);
        bool published = false;
        for (int run = 0; run < 200 && !published; ++run) {
            ordeal.files().cut_power_after(1 + ordeal.random().below(run < 100 ? 40 : 400));
            published = ordeal.run();
            const double chance = chances[ordeal.random().below(chances.size())];
            ordeal.files().restart(ordeal.random(), chance);
        }
        EXPECT_TRUE(published);
        ordeal.expect_whole();
        if (::testing::Test::HasFailure()) return;
    }
}

TEST(PowerCut, AKilledProcessLosesNothingThatWasWritten) {
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        Ordeal ordeal(seed % 2 == 0 ? folder_torrent() : file_torrent(300'000), seed);
        bool published = false;
        for (int run = 0; run < 200 && !published; ++run) {
            ordeal.files().cut_power_after(1 + ordeal.random().below(run < 100 ? 40 : 400));
            published = ordeal.run();
            ordeal.files().kill();
            // What was written is found again by its hash, saved or not.
            ordeal.promised() = ordeal.written();
        }
        EXPECT_TRUE(published);
        ordeal.expect_whole();
        if (::testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace shoal::disk
