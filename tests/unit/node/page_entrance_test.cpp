#include "node/page_entrance.h"

#include <gtest/gtest.h>

#include "../disk/temp_folder.h"

namespace shoal::node {
namespace {

class PageEntranceTest : public ::testing::Test {
  protected:
    PageEntranceTest() : home_(std::move(*Home::open(folder_ / "home"))) {}

    PageEntrance open() { return std::move(*PageEntrance::open(home_)); }

    /// What a browser that was let in sends along with its requests.
    static std::string cookie_of(const http::Response& response) {
        const std::string headers(response.headers());
        const auto begin = headers.find("Set-Cookie: ") + 12;
        return headers.substr(begin, headers.find(';', begin) - begin);
    }

    disk::testing::TempFolder folder_;
    Home home_;
    const TimePoint now_ = Clock::now();
};

TEST_F(PageEntranceTest, ACodeIsGoodOnceAndForAMinute) {
    PageEntrance entrance = open();
    const std::string code = entrance.new_code(now_);
    EXPECT_FALSE(entrance.use_code("", now_));
    EXPECT_FALSE(entrance.use_code(code + "x", now_));
    EXPECT_TRUE(entrance.use_code(code, now_));
    EXPECT_FALSE(entrance.use_code(code, now_));
    const std::string late = entrance.new_code(now_);
    EXPECT_FALSE(entrance.use_code(late, now_ + PageEntrance::link_lifetime));
}

TEST_F(PageEntranceTest, OfTooManyCodesTheOldestEnds) {
    PageEntrance entrance = open();
    const std::string first = entrance.new_code(now_);
    std::string last;
    for (int i = 0; i < 16; ++i) last = entrance.new_code(now_ + std::chrono::milliseconds(i));
    EXPECT_FALSE(entrance.use_code(first, now_));
    EXPECT_TRUE(entrance.use_code(last, now_));
}

TEST_F(PageEntranceTest, ABrowserStaysLetInOverARestart) {
    http::Request request;
    request.method = http::Method::get;
    http::Response response;
    std::string token;
    {
        const PageEntrance entrance = open();
        EXPECT_FALSE(entrance.admits(request));
        EXPECT_EQ(entrance.token_for(request), "");
        token = entrance.let_in(request, response);
    }
    const std::string cookie = cookie_of(response);
    const PageEntrance entrance = open();
    request.headers = {{"Cookie", cookie}};
    EXPECT_TRUE(entrance.admits(request));
    EXPECT_EQ(entrance.token_for(request), token);
    request.method = http::Method::post;
    EXPECT_FALSE(entrance.admits(request));
    request.headers.push_back({"X-Shoal-Token", token});
    EXPECT_TRUE(entrance.admits(request));
}

TEST_F(PageEntranceTest, AnotherPeersBrowserIsAStranger) {
    http::Request request;
    request.method = http::Method::get;
    http::Response response;
    open().let_in(request, response);
    const std::string cookie = cookie_of(response);
    std::filesystem::remove(home_.folder() / "page.key");
    const PageEntrance other = open();
    request.headers = {{"Cookie", cookie}};
    EXPECT_FALSE(other.admits(request));
}

}  // namespace
}  // namespace shoal::node
