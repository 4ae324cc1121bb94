#include "cli/shell/offers.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../disk/temp_folder.h"

namespace shoal::cli {
namespace {

using disk::testing::TempFolder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(Offers, ArePathsThatBeginSo) {
    const TempFolder folder;
    folder.write("bài 1", "");
    folder.write(".hidden", "");
    std::filesystem::create_directory(folder.path() / "bài 2");
    const std::string base = folder.path().native() + "/";
    EXPECT_THAT(offer_paths(base), UnorderedElementsAre(base + "bài 1", base + "bài 2/"));
    EXPECT_THAT(offer_paths(base + "bài 1"), ElementsAre(base + "bài 1"));
    EXPECT_THAT(offer_paths(base + ".h"), ElementsAre(base + ".hidden"));
    EXPECT_THAT(offer_paths(base + "none/"), IsEmpty());
}

TEST(Offers, GoByThePlaceOfTheArgument) {
    const auto complete = complete_each({offer_words({"a"}), {}, offer_words({"c"})});
    EXPECT_THAT(complete({"role"}, ""), ElementsAre("a"));
    EXPECT_THAT(complete({"role", "x"}, ""), IsEmpty());
    EXPECT_THAT(complete({"role", "x", "y"}, ""), ElementsAre("c"));
    EXPECT_THAT(complete({"role", "x", "y", "z"}, ""), IsEmpty());
}

TEST(Offers, AreNothingWhereNobodyAnswers) {
    const Api nobody{.url = "http://127.0.0.1:1", .token = {}, .pin = {}};
    EXPECT_THAT(names_in(nobody, "/api/v1/peers?limit=1", "address"), IsEmpty());
}

}  // namespace
}  // namespace shoal::cli
