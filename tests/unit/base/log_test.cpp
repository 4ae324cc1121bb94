#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

TEST(Log, IsShownBySomebodyElseForAsLongAsTheyWant) {
    start_logging(spdlog::level::warn);
    std::vector<std::string> shown;
    ::testing::internal::CaptureStderr();
    show_log_by([&](std::string_view line) { shown.emplace_back(line); });
    spdlog::warn("to the {}", "shell");
    spdlog::info("not at this level");
    show_log_by({});
    spdlog::warn("to standard error");
    EXPECT_THAT(shown, ElementsAre(EndsWith("warning to the shell")));
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), EndsWith("warning to standard error\n"));
}

}  // namespace
}  // namespace shoal
