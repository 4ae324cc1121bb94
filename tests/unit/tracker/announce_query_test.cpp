#include "tracker/announce_query.h"

#include <gtest/gtest.h>

namespace shoal::tracker {
namespace {

const std::string ids = "info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb";

Result<AnnounceQuery> parse(const std::string& text) {
    http::Query query;
    if (const auto parsed = query.parse(text); !parsed) return std::unexpected(parsed.error());
    return parse_announce(query);
}

TEST(AnnounceQuery, TakesWhatClientsSend) {
    const auto announce = parse(ids +
                                "&port=6881&uploaded=1&downloaded=2&left=3&event=started"
                                "&numwant=80&compact=1&no_peer_id=1&key=ab&supportcrypto=1");
    ASSERT_TRUE(announce) << announce.error().message;
    EXPECT_EQ(announce->port, 6881);
    EXPECT_EQ(announce->left, 3u);
    EXPECT_EQ(announce->event, Event::started);
    EXPECT_EQ(announce->numwant, 80u);
    EXPECT_TRUE(announce->compact);
    EXPECT_FALSE(announce->peer_ids);
}

TEST(AnnounceQuery, FillsInWhatIsUsual) {
    const auto announce = parse(ids + "&port=1&left=0");
    ASSERT_TRUE(announce);
    EXPECT_EQ(announce->event, Event::none);
    EXPECT_EQ(announce->numwant, default_numwant);
    EXPECT_TRUE(announce->compact);
    EXPECT_FALSE(parse(ids + "&port=1&left=0&compact=0")->compact);
    EXPECT_EQ(parse(ids + "&port=1&left=0&event=")->event, Event::none);
    EXPECT_EQ(parse(ids + "&port=1&left=0&event=paused")->event, Event::paused);
    EXPECT_EQ(parse(ids + "&port=1&left=0&numwant=-1")->numwant, default_numwant);
    EXPECT_EQ(parse(ids + "&port=1&left=0&numwant=100000")->numwant, max_numwant);
    EXPECT_EQ(parse(ids + "&port=1&left=18446744073709551615")->left, ~std::uint64_t{0});
}

TEST(AnnounceQuery, RefusesWhatIsMissingDoubledOrMalformed) {
    const std::string rest = "&port=1&left=0";
    const std::vector<std::string> bad = {
        "",
        "info_hash=aaaaaaaaaaaaaaaaaaaa" + rest,
        "peer_id=bbbbbbbbbbbbbbbbbbbb" + rest,
        "info_hash=a&peer_id=bbbbbbbbbbbbbbbbbbbb" + rest,
        "info_hash=aaaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb" + rest,
        "info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=b" + rest,
        "info_hash=aaaaaaaaaaaaaaaaaaaa&" + ids + rest,
        "info_hash=%aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb%" + rest,
        ids,
        ids + "&left=0",
        ids + "&port=1",
        ids + "&port=0&left=0",
        ids + "&port=65536&left=0",
        ids + "&port=-1&left=0",
        ids + "&port=+1&left=0",
        ids + "&port=1x&left=0",
        ids + "&port=&left=0",
        ids + "&port=1&left=-1",
        ids + "&port=1&left=",
        ids + "&port=1&left=18446744073709551616",
        ids + rest + "&event=begun",
        ids + rest + "&event=STARTED",
        ids + rest + "&numwant=many",
        ids + rest + "&uploaded=-1",
        ids + rest + "&downloaded=x",
        ids + rest + "&port=2",
    };
    for (const auto& text : bad) EXPECT_FALSE(parse(text)) << text;
}

}  // namespace
}  // namespace shoal::tracker
