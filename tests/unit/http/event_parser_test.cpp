#include "http/event_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

namespace shoal::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EventParserTest : public ::testing::Test {
  protected:
    Result<void> feed(std::string_view part) {
        return parser_.feed(part, [this](const ReceivedEvent& event) {
            told_.push_back(event.type + "=" + event.data);
        });
    }
    EventParser parser_;
    std::vector<std::string> told_;
};

TEST_F(EventParserTest, TellsEachEventOnceItIsWhole) {
    ASSERT_TRUE(feed("event: a\nid: 1\ndata: {}\n\nevent: b\ndata: {\"n\""));
    EXPECT_THAT(told_, ElementsAre("a={}"));
    ASSERT_TRUE(feed(":1}\n"));
    ASSERT_TRUE(feed("\n"));
    EXPECT_THAT(told_, ElementsAre("a={}", R"(b={"n":1})"));
    EXPECT_EQ(parser_.last_id(), "1");
}

TEST_F(EventParserTest, IsTheSameForAnyParts) {
    const std::string text =
        "event: a\r\nid: x-7\r\ndata: one\r\ndata: two\r\n\r\n: word\n\ndata:3\n\n";
    for (const char c : text) ASSERT_TRUE(feed(std::string_view(&c, 1)));
    EXPECT_THAT(told_, ElementsAre("a=one\ntwo", "=3"));
    EXPECT_EQ(parser_.last_id(), "x-7");
}

TEST_F(EventParserTest, AnIdWithoutDataIsKeptAndToldToNobody) {
    ASSERT_TRUE(feed(":\nid: 9\n\n"));
    EXPECT_THAT(told_, IsEmpty());
    EXPECT_EQ(parser_.last_id(), "9");
    EXPECT_EQ(EventParser("5").last_id(), "5");
}

TEST_F(EventParserTest, BoundsWhatItKeeps) {
    const std::string line(EventParser::max_event, 'x');
    EXPECT_FALSE(feed("data: " + line + "\n"));
    EventParser other;
    const auto ignore = [](const ReceivedEvent&) {};
    Result<void> fed;
    for (int i = 0; i < 10 && fed; ++i) {
        fed = other.feed("data: " + line.substr(0, EventParser::max_event / 4) + "\n", ignore);
    }
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().code, ErrorCode::bad_data);
    // An id that nobody could send back is not kept.
    EventParser third;
    ASSERT_TRUE(third.feed("id: " + line.substr(0, 1000) + "\n", ignore));
    EXPECT_EQ(third.last_id(), "");
}

}  // namespace
}  // namespace shoal::http
