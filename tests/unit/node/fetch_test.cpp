#include "node/fetch.h"

#include <gtest/gtest.h>

namespace shoal::node {
namespace {

GroupFile file(int content, const std::string& address) {
    GroupFile file{.name = "đề thi.pdf", .address = *net::parse_endpoint(address)};
    file.info_hash.bytes.fill(static_cast<std::byte>(content));
    return file;
}

std::vector<net::TcpEndpoint> from(const std::string& address) {
    return {*net::parse_endpoint(address)};
}

TEST(ChooseFile, OneContentIsMeantWhoeverSharesIt) {
    const auto chosen = choose_file({file(1, "10.0.0.1:1"), file(1, "10.0.0.2:1")}, {});
    ASSERT_TRUE(chosen);
    EXPECT_EQ(chosen->size(), 2u);
}

TEST(ChooseFile, SeveralContentsAreToBeChosenFrom) {
    const auto chosen =
        choose_file({file(1, "10.0.0.1:1"), file(2, "10.0.0.2:1"), file(1, "10.0.0.3:1")}, {});
    ASSERT_FALSE(chosen);
    EXPECT_EQ(chosen.error().error.code, ErrorCode::refused);
    EXPECT_NE(chosen.error().error.message.find("--from"), std::string::npos);
    EXPECT_EQ(chosen.error().candidates.size(), 2u);
}

TEST(ChooseFile, APeerThatPublishedOneChoosesIt) {
    const auto chosen =
        choose_file({file(1, "10.0.0.1:1"), file(2, "10.0.0.2:1")}, from("10.0.0.2:1"));
    ASSERT_TRUE(chosen);
    EXPECT_EQ(chosen->front().info_hash, file(2, "10.0.0.2:1").info_hash);
}

TEST(ChooseFile, APeerThatPublishedNoneChoosesNothing) {
    EXPECT_TRUE(choose_file({file(1, "10.0.0.1:1")}, from("10.0.0.9:1")));
    EXPECT_FALSE(choose_file({file(1, "10.0.0.1:1"), file(2, "10.0.0.2:1")}, from("10.0.0.9:1")));
}

TEST(ChooseFile, ANameThatLeadsElsewhereIsRefused) {
    for (const char* name : {"../x", "/etc/x", "..", "a\nb"}) {
        GroupFile evil = file(1, "10.0.0.1:1");
        evil.name = name;
        const auto chosen = choose_file({evil}, {});
        ASSERT_FALSE(chosen) << name;
        EXPECT_EQ(chosen.error().error.code, ErrorCode::bad_data);
    }
}

TEST(GroupFile, AnAnswerThatIsNoneIsRefused) {
    for (const char* text : {"1", "{}", R"({"name":"a","info_hash":"00","address":"1.2.3.4:5"})",
                             R"({"name":"a","info_hash":"0000000000000000000000000000000000000000",
                                 "address":"nowhere"})"}) {
        EXPECT_FALSE(GroupFile::of(boost::json::parse(text))) << text;
    }
}

}  // namespace
}  // namespace shoal::node
