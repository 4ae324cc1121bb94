#include "discovery/tracker_url.h"

#include <gtest/gtest.h>

namespace shoal::discovery {
namespace {

TEST(TrackerUrl, IsTakenApart) {
    const auto url = parse_tracker_url("HTTP://Example.org:8080/announce?passkey=a%20b");
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(*url, (TrackerUrl{false, "example.org", 8080, "/announce?passkey=a%20b"}));
    EXPECT_EQ(url->authority(), "example.org:8080");
    EXPECT_EQ(*parse_tracker_url("https://[2001:db8::1]"),
              (TrackerUrl{true, "2001:db8::1", 443, "/"}));
    EXPECT_EQ(parse_tracker_url("https://[2001:db8::1]")->authority(), "[2001:db8::1]");
}

TEST(TrackerUrl, NamesWhatIsNotSupported) {
    for (const auto* text : {"udp://tracker.example.org:80/announce", "wss://x/announce",
                             "file:///etc/passwd", "http://user:pass@example.org/announce"}) {
        const auto url = parse_tracker_url(text);
        ASSERT_FALSE(url) << text;
        EXPECT_EQ(url.error().code, ErrorCode::unsupported) << text;
        EXPECT_EQ(url.error().message.find("pass@"), std::string::npos);
    }
}

TEST(TrackerUrl, RefusesWhatIsNone) {
    for (const auto* text :
         {"", "tracker", "http://", "http:///announce", "http://h:0/announce",
          "http://h:99999/announce", "http://h:70000/announce", "http://h/announce\r\nX: y",
          "http://h h/announce", "http://h%0d%0a/announce"}) {
        EXPECT_FALSE(parse_tracker_url(text)) << text;
    }
    EXPECT_FALSE(parse_tracker_url("http://h/" + std::string(3000, 'a')));
}

TEST(TrackerUrl, ShowsNothingThatMayBeAPasskey) {
    EXPECT_EQ(parse_tracker_url("http://h/announce?passkey=secret")->shown(),
              "http://h/announce?…");
    EXPECT_EQ(parse_tracker_url("http://h/0123456789abcdef0123456789abcdef/announce")->shown(),
              "http://h/…/announce");
}

TEST(TrackerUrl, OnThisMachineItMustLookLikeATracker) {
    const auto check = [](const char* text, const char* address) {
        return check_reach(*parse_tracker_url(text), boost::asio::ip::make_address(address));
    };
    EXPECT_TRUE(check("http://h/announce", "127.0.0.1"));
    EXPECT_TRUE(check("http://h/scrape?x", "::1"));
    EXPECT_TRUE(check("http://h/anything", "10.0.0.1"));
    EXPECT_TRUE(check("http://h/anything", "203.0.113.1"));
    for (const auto* address :
         {"127.0.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1"}) {
        EXPECT_FALSE(check("http://h/api/shutdown", address)) << address;
        EXPECT_FALSE(check("http://h/?/announce", address)) << address;
    }
    EXPECT_FALSE(check("http://h/announce", "224.0.0.1"));
}

TEST(TrackerUrl, ARedirectLeadsNeitherNearerNorOutOfTls) {
    const auto plain = *parse_tracker_url("http://a/announce");
    const auto tls = *parse_tracker_url("https://a/announce");
    using net::Reach;
    EXPECT_TRUE(check_redirect(plain, Reach::global, tls, Reach::global));
    EXPECT_TRUE(check_redirect(plain, Reach::host, plain, Reach::site));
    EXPECT_FALSE(check_redirect(plain, Reach::global, plain, Reach::site));
    EXPECT_FALSE(check_redirect(plain, Reach::site, plain, Reach::host));
    EXPECT_FALSE(check_redirect(tls, Reach::global, plain, Reach::global));
}

TEST(TrackerUrl, RedirectsMayBeRelative) {
    const auto url = *parse_tracker_url("http://h:8080/a/announce?x=1");
    EXPECT_EQ(url.redirected("/b?y=2")->target, "/b?y=2");
    EXPECT_EQ(url.redirected("/b?y=2")->port, 8080);
    EXPECT_EQ(url.redirected("other")->target, "/a/other");
    EXPECT_EQ(url.redirected("https://o/announce")->host, "o");
    EXPECT_EQ(url.redirected("//o/announce")->host, "o");
    EXPECT_FALSE(url.redirected("ftp://o/announce"));
    EXPECT_FALSE(url.redirected("/b c"));
}

}  // namespace
}  // namespace shoal::discovery
