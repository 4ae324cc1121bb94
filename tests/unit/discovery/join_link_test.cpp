#include "discovery/join_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::discovery {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const std::string code = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012_-9";
const std::string other_code = "zyxwvutsrqponmlkjihgfedcba543210";

JoinLink example() {
    return {"192.168.1.88", 5000, *net::parse_fingerprint(key), code, std::nullopt};
}

TEST(JoinLink, IsWrittenAsPeopleReadIt) {
    JoinLink link = example();
    EXPECT_EQ(link.to_string(), "http://192.168.1.88:5000/join#1/k=" + key + "/i=" + code);
    link.invitation.reset();
    EXPECT_EQ(link.to_string(), "http://192.168.1.88:5000/join#1/k=" + key);
    link.setup = other_code;
    EXPECT_EQ(link.to_string(), "http://192.168.1.88:5000/join#1/k=" + key + "/s=" + other_code);
    link.host = "2001:db8::1";
    EXPECT_EQ(link.server(), "http://[2001:db8::1]:5000");
}

TEST(JoinLink, IsReadAsItWasWritten) {
    for (const auto* host : {"192.168.1.88", "tracker.example.org", "2001:db8::1", "host_1"}) {
        JoinLink link = example();
        link.host = host;
        EXPECT_EQ(parse_join_link(link.to_string()), link) << host;
        std::swap(link.invitation, link.setup);
        EXPECT_EQ(parse_join_link(link.to_string()), link) << host;
        link.setup.reset();
        EXPECT_EQ(parse_join_link(link.to_string()), link) << host;
    }
}

TEST(JoinLink, ForgivesWhatCopyingDoesToIt) {
    EXPECT_EQ(parse_join_link("  " + example().to_string() + "\r\n"), example());
    const auto shouted = parse_join_link("HTTPS://Tracker.Example.ORG:5000/join#1/k=" + key);
    ASSERT_TRUE(shouted) << shouted.error().message;
    EXPECT_EQ(shouted->host, "tracker.example.org");
    EXPECT_EQ(parse_join_link("http://[2001:DB8:0::1]:1/join#1/k=" + key)->host, "2001:db8::1");
}

TEST(JoinLink, IgnoresParametersOfLaterDays) {
    EXPECT_EQ(parse_join_link("http://192.168.1.88:5000/join#1/x/k=" + key + "/n=a=b//i=" + code),
              example());
}

TEST(JoinLink, OfAnotherVersionIsRefused) {
    const auto link = parse_join_link("http://h:1/join#2/k=" + key + "/i=" + code);
    ASSERT_FALSE(link);
    EXPECT_EQ(link.error().code, ErrorCode::unsupported);
    EXPECT_THAT(link.error().message, HasSubstr("update shoal"));
}

TEST(JoinLink, DamageIsNamedAndNothingOfItRepeated) {
    const std::string good = "http://h:1/join#1/k=" + key;
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", "http://"},
        {"192.168.1.88:5000", "http://"},
        {"ftp://h:1/join#1/k=" + key, "http://"},
        {"http://h:1/join", "cut short"},
        {"http://h:1/join#", "cut short"},
        {"http://h:1/announce?passkey=" + code, "cut short"},
        {"http://h:1/join?#1/k=" + key, "cut short"},
        {"http://h:1/join#k=" + key, "'#'"},
        {"http://h:1/join#/k=" + key, "'#'"},
        {"http://h:1/join#1", "key is missing"},
        {"http://h:1/join#1/i=" + code, "key is missing"},
        {"http://h:1/join#1/k=", "key is damaged"},
        {"http://h:1/join#1/k=" + key.substr(1), "key is damaged"},
        {"http://h:1/join#1/k=" + key.substr(1) + "!", "key is damaged"},
        {good + "/k=" + key, "key is damaged"},
        {good + "/i=", "invitation is damaged"},
        {good + "/i=" + code.substr(1), "invitation is damaged"},
        {good + "/i=" + code + "A", "invitation is damaged"},
        {good + "/i=" + code.substr(1) + "+", "invitation is damaged"},
        {good + "/s=" + code.substr(1) + "=", "set-up code is damaged"},
        {good + "/i=" + code + "/i=" + code, "twice"},
        {good + "/i=" + code + "/s=" + other_code, "both"},
        {"http://:1/join#1/k=" + key, "host"},
        {"http://user@h:1/join#1/k=" + key, "host"},
        {"http://h%41:1/join#1/k=" + key, "host"},
        {"http://" + std::string(254, 'h') + ":1/join#1/k=" + key, "host"},
        {"http://h/join#1/k=" + key, "port"},
        {"http://h:0/join#1/k=" + key, "port"},
        {"http://h:-1/join#1/k=" + key, "port"},
        {"http://h:65536/join#1/k=" + key, "port"},
        {"http://h:1:2/join#1/k=" + key, "port"},
        {"http://[::1/join#1/k=" + key, "address"},
        {"http://[::g]:1/join#1/k=" + key, "address"},
        {"http://[fe80::1%eth0]:1/join#1/k=" + key, "address"},
        {"http://[1.2.3.4]:1/join#1/k=" + key, "address"},
        {good + "/i=" + code + "\x1b[2J", "characters"},
        {good + "/i=" + code.substr(0, 16) + "\n" + code.substr(16), "characters"},
        {good + std::string(1, '\0'), "characters"},
        {"http://bài:1/join#1/k=" + key, "characters"},
        {good + "/x=" + std::string(max_join_link_bytes, 'x'), "longer"},
    };
    for (const auto& [text, reason] : cases) {
        const auto link = parse_join_link(text);
        ASSERT_FALSE(link) << text;
        EXPECT_EQ(link.error().code, ErrorCode::bad_data) << text;
        EXPECT_THAT(link.error().message, HasSubstr(reason)) << text;
        EXPECT_THAT(link.error().message, Not(HasSubstr(code.substr(1, 8)))) << text;
        EXPECT_THAT(link.error().message, Not(HasSubstr("\n"))) << text;
    }
}

}  // namespace
}  // namespace shoal::discovery
