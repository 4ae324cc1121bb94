#include "pages/pages.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <string>

namespace shoal::pages {
namespace {

class PagesTest : public testing::TestWithParam<std::span<const File>> {};

TEST_P(PagesTest, BeginWithTheirDocument) {
    ASSERT_FALSE(GetParam().empty());
    EXPECT_EQ(GetParam().front().path, "/");
    EXPECT_FALSE(GetParam().front().lasting);
    EXPECT_TRUE(GetParam().front().bytes.starts_with("<!doctype html>"));
}

TEST_P(PagesTest, HaveNothingInline) {
    const std::string_view document = GetParam().front().bytes;
    for (const auto* part : {"<style", " style=", " onclick", "javascript:"}) {
        EXPECT_EQ(document.find(part), std::string_view::npos) << part;
    }
    // A script element of the document names a file.
    for (auto at = document.find("<script"); at != std::string_view::npos;
         at = document.find("<script", at + 1)) {
        EXPECT_NE(document.substr(at, document.find('>', at) - at).find(" src="),
                  std::string_view::npos);
    }
}

TEST_P(PagesTest, AreUnder200KiBCompressed) {
    std::size_t bytes = 0;
    for (const File& file : GetParam()) bytes += file.gzip.size();
    EXPECT_LT(bytes, 200u * 1024);
}

TEST_P(PagesTest, AreCompressedAndTagged) {
    std::set<std::string_view> paths;
    for (const File& file : GetParam()) {
        EXPECT_TRUE(paths.insert(file.path).second) << file.path;
        EXPECT_TRUE(file.gzip.starts_with("\x1f\x8b")) << file.path;
        EXPECT_FALSE(file.tag.empty());
        EXPECT_TRUE(std::all_of(file.tag.begin(), file.tag.end(),
                                [](unsigned char c) { return std::isalnum(c) != 0; }));
    }
}

INSTANTIATE_TEST_SUITE_P(Both, PagesTest, testing::Values(peer_page(), tracker_page()));

}  // namespace
}  // namespace shoal::pages
