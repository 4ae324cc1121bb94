// shoal verify, as the command line calls it.
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "../disk/temp_folder.h"
#include "../metainfo/torrents.h"
#include "cli/commands/commands.h"

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;
using metainfo::testing::content;
using metainfo::testing::TestFile;

/// Three files that share pieces, on disk beside their torrent.
class VerifyTest : public ::testing::Test {
  protected:
    VerifyTest() {
        metainfo::Metainfo torrent;
        torrent.info = std::make_shared<const metainfo::Info>(
            metainfo::testing::make(metainfo::Format::v1, files, 16 << 10).value());
        temporary.write("t.torrent", torrent.encode());
        for (const TestFile& file : files) temporary.write("folder/" + file.path[0], file.bytes);
    }

    /// What the command prints, and how it ends.
    std::pair<std::string, ExitCode> verify(const fs::path& path, bool json) {
        Context context{.json = json, .answered = false, .action = {}};
        CLI::App app;
        add_verify(app, context);
        app.parse(
            std::vector<std::string>{path.native(), (temporary / "t.torrent").native(), "verify"});
        ::testing::internal::CaptureStdout();
        const auto result = context.action();
        if (!result) report_error(context, result.error());
        return {::testing::internal::GetCapturedStdout(),
                result ? ExitCode::done : exit_code(result.error().code)};
    }

    disk::testing::TempFolder temporary;
    std::vector<TestFile> files = {
        {{"a"}, content(50'000, 1)}, {{"b"}, content(5'000, 2)}, {{"c"}, content(5'000, 3)}};
};

TEST_F(VerifyTest, IsContentWithWholeContent) {
    for (const fs::path& path : {temporary / "folder", temporary.path()}) {
        const auto [output, code] = verify(path, false);
        EXPECT_EQ(code, ExitCode::done);
        EXPECT_NE(output.find("4 of 4 pieces good"), std::string::npos) << output;
    }
}

TEST_F(VerifyTest, SaysOfEachFileWhatIsWrongInOneDocument) {
    temporary.write("folder/a", files[0].bytes.substr(0, 100) + "x" + files[0].bytes.substr(101));
    fs::remove(temporary / "folder/b");
    const auto [output, code] = verify(temporary / "folder", true);
    EXPECT_EQ(code, ExitCode::bad_data);
    const auto document = boost::json::parse(output).as_object();
    EXPECT_FALSE(document.at("complete").as_bool());
    EXPECT_EQ(document.at("pieces").as_int64(), 4);
    EXPECT_EQ(document.at("good_pieces").as_int64(), 2);
    std::vector<std::string> states;
    for (const auto& file : document.at("files").as_array()) {
        states.emplace_back(file.at("state").as_string());
    }
    EXPECT_EQ(states, (std::vector<std::string>{"damaged", "missing", "unproven"}));
}

TEST_F(VerifyTest, NoticesAFileThatIsTooLong) {
    temporary.write("folder/c", files[2].bytes + "more");
    const auto [output, code] = verify(temporary / "folder", false);
    EXPECT_EQ(code, ExitCode::bad_data);
    EXPECT_NE(output.find("wrong size  c"), std::string::npos) << output;
}

TEST_F(VerifyTest, TellsWhatDoesNotExistFromWhatIsBad) {
    EXPECT_EQ(verify(temporary / "none", false).second, ExitCode::not_found);
    fs::create_directory(temporary / "empty");
    EXPECT_EQ(verify(temporary / "empty", false).second, ExitCode::not_found);
    EXPECT_EQ(verify(temporary / "folder/a", false).second, ExitCode::bad_data);
}

}  // namespace
}  // namespace shoal::cli
