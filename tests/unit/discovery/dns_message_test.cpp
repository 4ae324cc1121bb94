#include "discovery/dns_message.h"

#include <gtest/gtest.h>

namespace shoal::discovery {
namespace {

using boost::asio::ip::make_address;

/// Numbers are bytes, text stands for itself.
template <class... Parts>
ByteVector bytes(Parts... parts) {
    ByteVector result;
    const auto add = [&result](auto part) {
        if constexpr (std::is_integral_v<decltype(part)>) {
            result.push_back(static_cast<std::byte>(part));
        } else {
            for (const std::byte byte : bytes_of(part)) result.push_back(byte);
        }
    };
    (add(parts), ...);
    return result;
}

DnsMessage example() {
    DnsMessage message;
    message.response = true;
    message.questions = {{{"_shoal", "_tcp", "local"}, DnsType::ptr}};
    message.answers = {
        {{"_shoal", "_tcp", "local"}, 120, false, DnsPointer{{"Lớp 7A", "_shoal", "local"}}},
        {{"Lớp 7A", "_shoal", "local"}, 120, true, DnsService{5000, {"host", "local"}}},
        {{"Lớp 7A", "_shoal", "local"}, 4'000'000'000, true, DnsText{{"k=v", "x"}}},
        {{"empty"}, 0, false, DnsText{}},
    };
    message.additionals = {{{"host", "local"}, 1, true, make_address("192.168.1.88")},
                           {{"host", "local"}, 1, true, make_address("fd00::1")}};
    return message;
}

TEST(DnsMessage, IsReadAsItWasWritten) {
    const auto read = parse_dns_message(encode_dns_message(example()));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, example());
    EXPECT_EQ(parse_dns_message(encode_dns_message({})), DnsMessage{});
}

TEST(DnsMessage, HasTheBytesOfTheStandard) {
    DnsMessage query;
    query.questions = {{{"_a", "local"}, DnsType::ptr}};
    EXPECT_EQ(encode_dns_message(query),
              bytes(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, "_a", 5, "local", 0, 0, 12, 0, 1));
    DnsMessage answer;
    answer.response = true;
    answer.answers = {{{"x"}, 120, true, DnsService{5000, {"h"}}}};
    EXPECT_EQ(encode_dns_message(answer),
              bytes(0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, "x", 0, 0, 33, 0x80, 1, 0, 0, 0, 120,
                    0, 9, 0, 0, 0, 0, 5000 >> 8, 5000 & 255, 1, "h", 0));
}

TEST(DnsMessage, ReadsNamesThatPointToEarlierOnes) {
    // A question for _a.local, and its answer: a pointer to x._a.local.
    const auto read = parse_dns_message(bytes(0, 0, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0, 2, "_a", 5,
                                              "local", 0, 0, 12, 0x80, 1, 0xc0, 12, 0, 12, 0, 1, 0,
                                              0, 0, 9, 0, 4, 1, "x", 0xc0, 12));
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->answers.size(), 1u);
    EXPECT_EQ(read->answers[0],
              (DnsRecord{{"_a", "local"}, 9, false, DnsPointer{{"x", "_a", "local"}}}));
    EXPECT_EQ(read->questions[0], (DnsQuestion{{"_a", "local"}, DnsType::ptr}));
}

TEST(DnsMessage, LeavesOutWhatIsOfNoInterest) {
    // A record of type 47 (NSEC), one of another class, and an authority record.
    const auto read = parse_dns_message(bytes(0, 0, 0x84, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 47, 0, 1,
                                              0, 0, 0, 9, 0, 2, "??", 0, 0, 1, 0, 3, 0, 0, 0, 9, 0,
                                              4, "abcd", 0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, "abcd"));
    ASSERT_TRUE(read) << read.error().message;
    DnsMessage nothing;
    nothing.response = true;
    EXPECT_EQ(*read, nothing);
}

TEST(DnsMessage, RefusesPointersThatLeadNowhereOrInCircles) {
    const auto with_name = [](auto... name) {
        return parse_dns_message(bytes(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, name..., 0, 12, 0, 1));
    };
    EXPECT_TRUE(with_name(1, "x", 0));
    EXPECT_FALSE(with_name(0xc0, 12));          // itself
    EXPECT_FALSE(with_name(1, "x", 0xc0, 12));  // its own beginning
    EXPECT_FALSE(with_name(0xc0, 14));          // further on
    EXPECT_FALSE(with_name(0xc0, 0));           // into the header
    EXPECT_FALSE(with_name(0xff, 0xff));        // outside
    EXPECT_FALSE(with_name(0x40, 0));           // a kind of label that does not exist
}

TEST(DnsMessage, RefusesWhatIsCutShortAnywhere) {
    ByteVector whole = encode_dns_message(example());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(parse_dns_message(Bytes(whole).first(size))) << size;
    }
    whole.push_back(std::byte{0});
    EXPECT_FALSE(parse_dns_message(whole));
}

TEST(DnsMessage, KeepsLimits) {
    DnsMessage message;
    message.questions.resize(max_dns_questions);
    message.answers.resize(max_dns_records, {{"x"}, 1, false, DnsText{{"y"}}});
    EXPECT_TRUE(parse_dns_message(encode_dns_message(message)));
    message.answers.push_back(message.answers[0]);
    EXPECT_FALSE(parse_dns_message(encode_dns_message(message)));
    message.answers.clear();
    message.questions.push_back({});
    EXPECT_FALSE(parse_dns_message(encode_dns_message(message)));

    const std::string label(63, 'x');
    message.questions = {{{label, label, label, std::string(61, 'x')}, DnsType::ptr}};
    EXPECT_TRUE(parse_dns_message(encode_dns_message(message)));
    message.questions[0].name.back() += 'x';
    EXPECT_FALSE(parse_dns_message(encode_dns_message(message)));
}

TEST(DnsMessage, RecordsMustBeAsLongAsTheySay) {
    const auto with_record = [](auto... record) {
        return parse_dns_message(bytes(0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, record...));
    };
    EXPECT_TRUE(with_record(1, 0, 1, 0, 0, 0, 9, 0, 4, "abcd"));
    EXPECT_FALSE(with_record(1, 0, 1, 0, 0, 0, 9, 0, 5, "abcde"));        // address
    EXPECT_FALSE(with_record(28, 0, 1, 0, 0, 0, 9, 0, 4, "abcd"));        // address
    EXPECT_FALSE(with_record(12, 0, 1, 0, 0, 0, 9, 0, 4, 1, "x", 0, 0));  // pointer
    EXPECT_FALSE(with_record(12, 0, 1, 0, 0, 0, 9, 0, 2, 1, "x", 0));     // pointer
    EXPECT_FALSE(with_record(33, 0, 1, 0, 0, 0, 9, 0, 4, 0, 0, 0, 0));    // service
    EXPECT_FALSE(with_record(16, 0, 1, 0, 0, 0, 9, 0, 2, 2, "x"));        // text
}

TEST(DnsMessage, OtherOperationsAndErrorsAreNotForUs) {
    EXPECT_FALSE(parse_dns_message(bytes(0, 0, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
    EXPECT_FALSE(parse_dns_message(bytes(0, 0, 0x80, 3, 0, 0, 0, 0, 0, 0, 0, 0)));
}

TEST(DnsName, CaseDoesNotCount) {
    EXPECT_TRUE(same_name({"_Shoal", "LOCAL"}, {"_sHOAL", "local"}));
    EXPECT_FALSE(same_name({"a", "b"}, {"ab"}));
    EXPECT_FALSE(same_name({"a"}, {"a", "b"}));
}

}  // namespace
}  // namespace shoal::discovery
