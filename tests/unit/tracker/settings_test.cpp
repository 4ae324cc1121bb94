#include "tracker/settings.h"

#include <gtest/gtest.h>

namespace shoal::tracker {
namespace {

TEST(SettingsTest, AreKeptAsTheyAreSet) {
    const Settings some{.access = Access::open, .interval = std::chrono::seconds(60)};
    const auto values = to_values(some);
    EXPECT_EQ(values, (catalogue::Settings::Values{{"access", "open"}, {"interval", "60"}}));
    const auto back = settings_of(values);
    EXPECT_EQ(back.access, Access::open);
    EXPECT_EQ(back.registration, std::nullopt);
    EXPECT_EQ(back.interval, std::chrono::seconds(60));
    for (const auto one : {Registration::invite, Registration::open, Registration::closed}) {
        EXPECT_EQ(settings_of(to_values({.registration = one})).registration, one);
    }
}

TEST(SettingsTest, WhatMakesNoSenseIsNotSet) {
    for (const char* interval : {"0", "86401", "-1", "x", ""}) {
        const auto read = settings_of(
            {{"access", "all"}, {"registration", ""}, {"interval", interval}, {"later", "1"}});
        EXPECT_FALSE(read.access || read.registration || read.interval) << interval;
    }
}

}  // namespace
}  // namespace shoal::tracker
