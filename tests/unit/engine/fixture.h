// Sessions in one process that share over loopback, and a folder with something to share.
#pragma once
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../disk/temp_folder.h"
#include "../metainfo/torrents.h"
#include "../net/loop.h"
#include "engine/download.h"
#include "engine/seeding.h"
#include "engine/session.h"

namespace shoal::engine::testing {

using metainfo::testing::content;

/// Content on disk below `shared`, and its torrent.
inline metainfo::Metainfo share(const disk::testing::TempFolder& folder, metainfo::Format format) {
    const std::vector<metainfo::testing::TestFile> files{
        {{"tập 1", "bài giảng.mp4"}, content(700'000, 1)},
        {{"empty"}, ""},
        {{"notes.txt"}, content(5'000, 2)},
        {{"tập 1", "ảnh.jpg"}, content(200'001, 3)}};
    for (const auto& file : files) {
        std::filesystem::path path = "shared";
        for (const auto& part : file.path) path /= part;
        folder.write(path, file.bytes);
    }
    auto info = metainfo::testing::make(format, files, 32 << 10, "shared", true);
    EXPECT_TRUE(info);
    metainfo::Metainfo torrent;
    torrent.info = std::make_shared<const metainfo::Info>(std::move(*info));
    return torrent;
}

/// Every file below a folder with its bytes.
inline std::map<std::string, std::string> tree_of(const std::filesystem::path& folder) {
    std::map<std::string, std::string> tree;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        std::ifstream stream(entry.path(), std::ios::binary);
        tree[std::filesystem::relative(entry.path(), folder).native()] = {
            std::istreambuf_iterator<char>(stream), {}};
    }
    return tree;
}

class EngineTest : public ::testing::Test {
  protected:
    std::unique_ptr<Session> open_session() {
        auto session = Session::open(io_, {.listen = {net::testing::loopback}, .from = {}});
        EXPECT_TRUE(session) << session.error().message;
        return std::move(*session);
    }
    static net::TcpEndpoint address_of(const Session& session) {
        return {net::testing::loopback.address(), session.port()};
    }
    template <class Condition>
    bool run_until(Condition condition) {
        return net::testing::run_until(io_, condition, 60s);
    }

    /// Starts to seed; the error's message, or nothing once it is ready.
    std::string seed(Session& session, SeedingOptions options) {
        std::optional<std::string> outcome;
        seeding_ = std::make_unique<Seeding>(
            session, std::move(options),
            SeedingCallbacks{.on_ready = [&] { outcome = ""; },
                             .on_error = [&](Error error) { outcome = error.message; }});
        seeding_->start();
        EXPECT_TRUE(run_until([&] { return outcome.has_value(); }));
        return outcome.value_or("neither ready nor failed");
    }

    /// Runs a download to its end; the error's message, or nothing. It is stopped after that.
    std::string fetch(Session& session, DownloadOptions options) {
        std::optional<std::string> outcome;
        Download download(
            session, std::move(options),
            DownloadCallbacks{.on_complete = [&](ByteCount bytes) { outcome = "", bytes_ = bytes; },
                              .on_error = [&](Error error) { outcome = error.message; }});
        download.start();
        EXPECT_TRUE(run_until([&] { return outcome.has_value(); }));
        stop(download);
        return outcome.value_or("neither complete nor failed");
    }

    void stop(Download& download) {
        bool stopped = false;
        download.stop([&](const Result<void>& saved) {
            EXPECT_TRUE(saved) << saved.error().message;
            stopped = true;
        });
        EXPECT_TRUE(run_until([&] { return stopped; }));
    }

    disk::testing::TempFolder folder_;
    boost::asio::io_context io_{1};
    std::unique_ptr<Session> seeder_ = open_session();
    std::unique_ptr<Session> fetcher_ = open_session();
    std::unique_ptr<Seeding> seeding_;
    ByteCount bytes_ = 0;  ///< of the last download
};

}  // namespace shoal::engine::testing
