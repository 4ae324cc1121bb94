#include "catalogue/settings.h"

#include "support.h"

namespace shoal::catalogue {
namespace {

class SettingsTest : public BackendTest {};
INSTANTIATE_TEST_SUITE_P(Backends, SettingsTest, backends(), backend_name);

TEST_P(SettingsTest, WhatIsSetLastsAndTheRestStays) {
    const auto database = open_database();
    Settings settings(*database);
    EXPECT_EQ(settings.all().value(), Settings::Values());
    ASSERT_TRUE(settings.set({{"access", "open"}, {"interval", "60"}}));
    ASSERT_TRUE(settings.set({{"access", "group"}}));
    const auto again = open_database();
    EXPECT_EQ(Settings(*again).all().value(),
              (Settings::Values{{"access", "group"}, {"interval", "60"}}));
}

}  // namespace
}  // namespace shoal::catalogue
