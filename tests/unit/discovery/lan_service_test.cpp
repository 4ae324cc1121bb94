#include "discovery/lan_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::discovery {
namespace {

using boost::asio::ip::make_address;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const DnsName type = {"_shoal", "_tcp", "local"};

LanService example() {
    LanService service{"Lớp 7A", 5000, {}, {make_address("192.168.1.88"), make_address("fd00::1")}};
    service.fingerprint.bytes[0] = std::byte{0xab};
    return service;
}

std::vector<LanService> services_in(Bytes bytes) {
    const auto message = parse_dns_message(bytes);
    EXPECT_TRUE(message);
    return message ? lan_services_in(*message) : std::vector<LanService>{};
}

DnsMessage answer_of(const LanService& service) {
    return *parse_dns_message(lan_answer(service));
}

bool is_asked(DnsName name, DnsType question) {
    DnsMessage message;
    message.questions = {{std::move(name), question}};
    return asks_for(message, example());
}

TEST(LanService, IsHeardAsItWasTold) {
    EXPECT_THAT(services_in(lan_answer(example())), ElementsAre(example()));
    LanService nameless = example();
    nameless.name.clear();
    EXPECT_THAT(services_in(lan_answer(nameless)), ElementsAre(nameless));
}

TEST(LanService, AnAnswerIsSmallWhateverTheName) {
    LanService service = example();
    for (int i = 0; i < 100; ++i) service.name += "ữ";
    service.addresses.assign(100, make_address("fd00::1"));
    const ByteVector answer = lan_answer(service);
    EXPECT_LT(answer.size(), 1200u);
    const auto heard = services_in(answer);
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_LE(heard[0].name.size(), 50u);
    EXPECT_TRUE(service.name.starts_with(heard[0].name));
}

TEST(LanService, GoodbyeTakesItBack) {
    const auto message = parse_dns_message(lan_answer(example(), true));
    ASSERT_TRUE(message);
    for (const auto& record : message->answers) EXPECT_EQ(record.ttl, 0u);
    EXPECT_THAT(lan_services_in(*message), IsEmpty());
}

TEST(LanService, AnswersToItsNames) {
    const auto question = parse_dns_message(lan_question());
    ASSERT_TRUE(question);
    EXPECT_TRUE(asks_for(*question, example()));
    EXPECT_TRUE(is_asked({"_SHOAL", "_tcp", "Local"}, DnsType::any));
    EXPECT_TRUE(is_asked({"_services", "_dns-sd", "_udp", "local"}, DnsType::ptr));
    EXPECT_TRUE(is_asked({"Lớp 7A ab000000", "_shoal", "_tcp", "local"}, DnsType::srv));
    EXPECT_TRUE(is_asked({"Lớp 7A ab000000", "_shoal", "_tcp", "local"}, DnsType::txt));
    EXPECT_TRUE(is_asked({"shoal-ab00000000000000", "local"}, DnsType::a));
    EXPECT_TRUE(is_asked({"shoal-ab00000000000000", "local"}, DnsType::aaaa));
}

TEST(LanService, AnswersToNothingElse) {
    EXPECT_FALSE(is_asked(type, DnsType::srv));
    EXPECT_FALSE(is_asked({"_http", "_tcp", "local"}, DnsType::ptr));
    EXPECT_FALSE(is_asked({"Other ab000000", "_shoal", "_tcp", "local"}, DnsType::any));
    EXPECT_FALSE(is_asked({"shoal-ab", "local"}, DnsType::any));
    EXPECT_FALSE(is_asked({}, DnsType::any));
    EXPECT_FALSE(asks_for({}, example()));
    EXPECT_FALSE(asks_for(answer_of(example()), example()));
}

TEST(LanService, StaysQuietTowardsWhoKnowsIt) {
    DnsMessage message;
    message.questions = {{type, DnsType::ptr}};
    const DnsName instance = {"Lớp 7A ab000000", "_shoal", "_tcp", "local"};
    message.answers = {{type, 60, false, DnsPointer{instance}}};
    EXPECT_FALSE(asks_for(message, example()));
    message.answers[0].ttl = 59;  // about to be forgotten
    EXPECT_TRUE(asks_for(message, example()));
    message.answers[0] = {type, 120, false, DnsPointer{{"x", "_shoal", "_tcp", "local"}}};
    EXPECT_TRUE(asks_for(message, example()));
}

TEST(LanService, WhatIsIncompleteOrForgedIsLeftOut) {
    // The records of an answer: all services, this service, where, key, addresses.
    ASSERT_EQ(answer_of(example()).answers.size(), 6u);
    const auto changed = [](auto change) {
        DnsMessage message = answer_of(example());
        change(message.answers);
        return lan_services_in(message);
    };
    using Records = std::vector<DnsRecord>;
    EXPECT_THAT(changed([](Records& all) { all.erase(all.begin() + 2); }), IsEmpty());
    EXPECT_THAT(changed([](Records& all) { all.erase(all.begin() + 3); }), IsEmpty());
    EXPECT_THAT(changed([](Records& all) { all.resize(4); }), IsEmpty());
    EXPECT_THAT(changed([](Records& all) { all[3].data = DnsText{{"k=short"}}; }), IsEmpty());
    EXPECT_THAT(changed([](Records& all) { all[3].ttl = 0; }), IsEmpty());
    EXPECT_THAT(changed([](Records& all) { std::get<DnsService>(all[2].data).port = 0; }),
                IsEmpty());
    const auto named = [&](const std::string& label) {
        return changed([&](Records& all) { all[2].name[0] = all[3].name[0] = label; });
    };
    EXPECT_EQ(named("x ab000000").at(0).name, "x");
    EXPECT_THAT(named("x"), IsEmpty());
    EXPECT_THAT(named("x cd000000"), IsEmpty());
    EXPECT_THAT(named("xab000000"), IsEmpty());
    EXPECT_THAT(named("\x1b[2J ab000000"), IsEmpty());
    EXPECT_THAT(named("\xff ab000000"), IsEmpty());
    EXPECT_THAT(named(std::string(51, 'x') + " ab000000"), IsEmpty());
}

TEST(LanService, AMessagePresentsAFewAtMost) {
    DnsMessage message;
    message.response = true;
    for (std::size_t i = 0; i < max_lan_services + 5; ++i) {
        LanService service = example();
        service.port = static_cast<std::uint16_t>(i + 1);
        service.name = "tracker " + std::to_string(i);
        const DnsMessage one = answer_of(service);
        message.answers.insert(message.answers.end(), one.answers.begin(), one.answers.end());
    }
    EXPECT_EQ(lan_services_in(message).size(), max_lan_services);
}

}  // namespace
}  // namespace shoal::discovery
