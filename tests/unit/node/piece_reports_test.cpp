#include "node/piece_reports.h"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace shoal::node {
namespace {

InfoHash hash(int value) {
    InfoHash hash;
    hash.bytes.fill(static_cast<std::byte>(value));
    return hash;
}

Bitfield pieces(std::size_t size, std::initializer_list<std::size_t> set) {
    Bitfield bits(size);
    for (const std::size_t bit : set) bits.set(bit);
    return bits;
}

std::string text(const std::optional<boost::json::object>& report) {
    return report ? boost::json::serialize(*report) : "nothing";
}

const std::string a(40, '1');
const std::string b(40, '2');

TEST(PieceReports, TheFirstTellsEverything) {
    PieceReports reports;
    const auto have = pieces(10, {0, 1, 2, 7});
    EXPECT_EQ(text(reports.next({{hash(0x11), &have}})),
              R"({"number":1,"changes":[{"info_hash":")" + a +
                  R"(","gained":[[0,2],[7,7]],"lost":[]}],"whole":true})");
}

TEST(PieceReports, OneWithoutTorrentsTellsThatThereAreNone) {
    PieceReports reports;
    EXPECT_EQ(text(reports.next({})), R"({"number":1,"changes":[],"whole":true})");
}

TEST(PieceReports, WhatFollowsTellsChangesAlone) {
    PieceReports reports;
    auto have = pieces(10, {0, 1});
    const auto other = pieces(4, {});
    ASSERT_TRUE(reports.next({{hash(0x11), &have}, {hash(0x22), &other}}));
    reports.accepted();
    EXPECT_EQ(text(reports.next({{hash(0x11), &have}, {hash(0x22), &other}})), "nothing");
    have.clear(std::size_t{0});
    have.set(std::size_t{2});
    have.set(std::size_t{3});
    EXPECT_EQ(text(reports.next({{hash(0x11), &have}})),
              R"({"number":2,"changes":[{"info_hash":")" + a +
                  R"(","gained":[[2,3]],"lost":[[0,0]]},{"info_hash":")" + b +
                  R"(","gone":true}]})");
}

TEST(PieceReports, OneThatWasNotAcceptedIsMadeAnew) {
    PieceReports reports;
    auto have = pieces(4, {0});
    ASSERT_TRUE(reports.next({{hash(0x11), &have}}));
    have.set(std::size_t{1});
    const auto again = reports.next({{hash(0x11), &have}});
    EXPECT_EQ(text(again), R"({"number":1,"changes":[{"info_hash":")" + a +
                               R"(","gained":[[0,1]],"lost":[]}],"whole":true})");
}

TEST(PieceReports, AfterStartingOverEverythingIsToldUnderTheNextNumber) {
    PieceReports reports;
    const auto have = pieces(4, {0});
    ASSERT_TRUE(reports.next({{hash(0x11), &have}}));
    reports.accepted();
    reports.start_over();
    EXPECT_EQ(text(reports.next({{hash(0x11), &have}})),
              R"({"number":2,"changes":[{"info_hash":")" + a +
                  R"(","gained":[[0,0]],"lost":[]}],"whole":true})");
}

TEST(PieceReports, ManyRangesAreToldInSeveralReports) {
    PieceReports reports(3);
    Bitfield have(20);
    for (std::size_t i = 0; i < 20; i += 2) have.set(i);
    const auto other = pieces(2, {1});
    const std::vector<Holding> holdings{{hash(0x11), &have}, {hash(0x22), &other}};
    std::size_t ranges = 0;
    int count = 0;
    while (const auto report = reports.next(holdings)) {
        ASSERT_LT(++count, 10);
        for (const auto& change : report->at("changes").as_array()) {
            const auto gained = change.at("gained").as_array().size();
            EXPECT_LE(gained, 3u);
            ranges += gained;
        }
        reports.accepted();
    }
    EXPECT_EQ(ranges, 11u);
    EXPECT_EQ(count, 4);
}

}  // namespace
}  // namespace shoal::node
