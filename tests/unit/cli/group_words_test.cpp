#include "cli/group_words.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

using ::testing::HasSubstr;

TEST(GroupWords, ReadAnAddressAsOneWordOrTwo) {
    using Where = net::HostPort;
    EXPECT_EQ(read_host_port({"192.0.2.1", "6881"}), (Where{"192.0.2.1", 6881}));
    EXPECT_EQ(read_host_port({"may-chu.lan", "6881"}), (Where{"may-chu.lan", 6881}));
    EXPECT_EQ(read_host_port({"192.0.2.1:70"}), (Where{"192.0.2.1", 70}));
    EXPECT_EQ(read_host_port({"192.0.2.1"}, 5000), (Where{"192.0.2.1", 5000}));
    EXPECT_EQ(read_host_port({"2001:db8::1", "80"}), (Where{"2001:db8::1", 80}));
    EXPECT_EQ(read_host_port({"[2001:db8::1]", "80"}), (Where{"2001:db8::1", 80}));
    for (const std::vector<std::string>& wrong : {std::vector<std::string>{"a", "b"},
                                                  {"a", "65536"},
                                                  {"a", "-1"},
                                                  {"a"},
                                                  {"a:b"},
                                                  {"a", "1", "2"},
                                                  {}}) {
        const auto read = read_host_port(wrong);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, ErrorCode::usage);
    }
}

std::string ranges(std::string_view list) {
    return ranges_of({{"pieces", boost::json::parse(list)}}, "pieces");
}

TEST(GroupWords, ShowRangesOfPieces) {
    EXPECT_EQ(ranges("[[0, 17], [20, 20]]"), "0-17, 20");
    EXPECT_EQ(ranges("[]"), "");
    EXPECT_EQ(ranges("[[0], 5, [\"a\", 1], [3, 4]]"), "3-4");
    EXPECT_EQ(ranges("\"x\""), "");
    EXPECT_EQ(ranges_of({}, "pieces"), "");
}

TEST(GroupWords, ShowAFileInOneLine) {
    const auto line = file_line({{"name", "a\nb\x1b[2J"},
                                 {"size", 2048},
                                 {"pieces", 1},
                                 {"address", "192.0.2.1:6881"},
                                 {"user", "Lan"},
                                 {"path", "a"},
                                 {"online", false}});
    EXPECT_THAT(line, HasSubstr("2.0 KiB"));
    EXPECT_THAT(line, HasSubstr("[not there now]"));
    EXPECT_EQ(line.find_first_of("\n\x1b"), std::string::npos);
    EXPECT_NE(file_line({}), "");
}

}  // namespace
}  // namespace shoal::cli
