#include "http/page.h"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace shoal::http {
namespace {

Result<Page> page_of(std::string_view query) {
    Request request;
    request.query = query;
    return read_page(request);
}

TEST(Page, HasDefaultsAndBounds) {
    const auto plain = page_of("q=x");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->limit, 50u);
    EXPECT_EQ(plain->offset, 0u);
    EXPECT_EQ(plain->after, "");
    EXPECT_EQ(page_of("limit=200&offset=7")->limit, 200u);
    EXPECT_EQ(page_of("limit=200&offset=7")->offset, 7u);
    for (const auto* bad :
         {"limit=0", "limit=201", "limit=-1", "limit=", "limit=1x", "limit=%zz", "offset=-1",
          "offset=1000001", "offset=x", "cursor=*", "cursor=Zg%3D", "cursor=Zg&offset=1"}) {
        const auto page = page_of(bad);
        ASSERT_FALSE(page) << bad;
        EXPECT_EQ(page.error().code, ErrorCode::usage);
    }
    EXPECT_FALSE(page_of("cursor=" + std::string(2000, 'A')));
}

TEST(Page, ACursorLeadsOn) {
    Response response;
    send_page(response, {1, 2}, "bài\n2");
    const auto document = boost::json::parse(response.body).as_object();
    EXPECT_EQ(document.at("items").as_array().size(), 2u);
    const auto page = page_of("cursor=" + std::string(document.at("next").as_string()));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->after, "bài\n2");
    send_page(response, {});
    EXPECT_EQ(response.body, R"({"items":[],"next":null})");
}

}  // namespace
}  // namespace shoal::http
