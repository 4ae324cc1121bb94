#include "cli/item_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

using boost::json::object;
using ::testing::HasSubstr;
using Stage = engine::DownloadStatus::Stage;

object item(std::string_view state, std::string_view kind = "fetched") {
    return {{"id", 7},         {"name", "Bài giảng"}, {"kind", kind},
            {"state", state},  {"size", 3000},        {"pieces", 3},
            {"have", 1000},    {"total", 3000},       {"down", 512.5},
            {"up", 0},         {"progress", 0.25},    {"downloaded", 1100},
            {"uploaded", 5},   {"peers", 2},          {"unavailable", 1},
            {"listed", false}, {"message", nullptr}};
}

TEST(ItemWords, TellHowFarAnItemIs) {
    const auto status = status_of(item("fetching"));
    EXPECT_EQ(status.stage, Stage::transferring);
    EXPECT_EQ(status.transfer.have, 1000);
    EXPECT_EQ(status.transfer.total, 3000);
    EXPECT_EQ(status.transfer.down, 512.5);
    EXPECT_EQ(status.transfer.peers, 2u);
    EXPECT_EQ(status.transfer.unavailable, 1u);
    EXPECT_EQ(status_of(item("hashing")).stage, Stage::checking);
    EXPECT_EQ(status_of(item("hashing")).checked, 0.25);
    EXPECT_EQ(status_of(item("metadata")).stage, Stage::metadata);
    EXPECT_EQ(status_of(item("queued")).stage, Stage::opening);
    EXPECT_EQ(status_of(item("sharing")).stage, Stage::complete);
    EXPECT_EQ(status_of({}).transfer.total, 0);
}

TEST(ItemWords, AFetchIsOverOnceItIsWhole) {
    for (const char* state : {"queued", "checking", "metadata", "fetching", "paused"}) {
        EXPECT_FALSE(outcome_of(item(state))) << state;
    }
    EXPECT_FALSE(outcome_of(item("sharing")));
    object whole = item("sharing");
    whole["have"] = 3000;
    const auto outcome = outcome_of(whole);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->value(), "complete Bài giảng: 2.9 KiB, 3 pieces");
}

TEST(ItemWords, APublicationIsOverOnceItIsListed) {
    object published = item("sharing", "published");
    EXPECT_FALSE(outcome_of(published));
    EXPECT_FALSE(outcome_of(item("hashing", "published")));
    published["listed"] = true;
    EXPECT_THAT(outcome_of(published)->value(), HasSubstr("published Bài giảng"));
    published["listed"] = false;
    published["message"] = "not connected";
    EXPECT_THAT(outcome_of(published)->value(), HasSubstr("; not connected"));
}

TEST(ItemWords, WhatCannotGoOnIsAnError) {
    for (const char* state : {"failed", "missing", "changed", "stopped"}) {
        const auto outcome = outcome_of(item(state));
        ASSERT_TRUE(outcome);
        EXPECT_FALSE(*outcome);
        EXPECT_THAT(outcome->error().message, HasSubstr(state));
    }
    object full = item("failed");
    full["message"] = "the disk is full\x1b[2J";
    EXPECT_THAT(outcome_of(full)->error().message, HasSubstr("the disk is full"));
    EXPECT_EQ(outcome_of(full)->error().message.find('\x1b'), std::string::npos);
}

TEST(ItemWords, ALineShowsAnItem) {
    EXPECT_THAT(item_line(item("fetching")), HasSubstr("33.3 %"));
    EXPECT_THAT(item_line(item("hashing")), HasSubstr("25.0 %"));
    EXPECT_THAT(item_line(item("fetching")), HasSubstr("Bài giảng"));
    EXPECT_NE(item_line({{"name", 5}, {"size", "x"}, {"down", 1e300}, {"total", -1}}), "");
}

TEST(ItemWords, KnowInfoHashesAndNumbers) {
    EXPECT_TRUE(is_info_hash(std::string(40, 'a')));
    EXPECT_TRUE(is_info_hash(std::string(64, '0')));
    EXPECT_FALSE(is_info_hash(std::string(40, 'g')));
    EXPECT_FALSE(is_info_hash(std::string(41, 'a')));
    EXPECT_EQ(id_of({{"id", 12}}), "12");
    EXPECT_EQ(id_of({{"id", "x/y"}}), "x/y");
    EXPECT_EQ(id_of({}), "");
}

TEST(ItemWords, MakePathsAbsolute) {
    EXPECT_EQ(absolute_path("/a/../b"), "/b");
    EXPECT_EQ(absolute_path("x"), (std::filesystem::current_path() / "x").native());
}

}  // namespace
}  // namespace shoal::cli
