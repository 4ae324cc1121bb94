#include "catalogue/database_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::catalogue {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(DatabaseUrlTest, AFileIsNamedByItsPath) {
    const auto url = DatabaseUrl::parse("sqlite3:///srv/my%20group/t.db");
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->dialect, Dialect::sqlite);
    EXPECT_EQ(url->path, "/srv/my group/t.db");
}

TEST(DatabaseUrlTest, AServersPasswordIsNotShown) {
    const auto url = DatabaseUrl::parse("postgresql://anna:s3cr%27et@db.example:5433/shoal");
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->shown, "postgresql://db.example/shoal");
    EXPECT_THAT(url->connect, HasSubstr("password='s3cr\\'et'"));
    EXPECT_THAT(url->connect, HasSubstr("connect_timeout='5'"));
}

TEST(DatabaseUrlTest, WhatIsNoUrlIsRefusedWithoutRepeatingIt) {
    for (const std::string wrong :
         {"", "tracker.db", "/srv/t.db", "sqlite3://t.db", "sqlite3:t.db", "sqlite3:///",
          "sqlite3:///a/", "sqlite3:///a%22b", "sqlite3:///a%00b", "sqlite3:///a?mode=s3cret",
          "mysql://u:s3cret@h/d", "postgresql://u:s3cret@h:port/d", "postgresql://u:s3cret@h/",
          "postgresql://u:s3cret@h/d?nonsense=1", "postgresql://u:s3cret %@h/d"}) {
        const auto url = DatabaseUrl::parse(wrong);
        ASSERT_FALSE(url) << wrong;
        EXPECT_EQ(url.error().code, ErrorCode::usage) << wrong;
        EXPECT_THAT(url.error().message, Not(HasSubstr("s3cret"))) << wrong;
        EXPECT_THAT(url.error().message, Not(HasSubstr("\n"))) << wrong;
    }
}

}  // namespace
}  // namespace shoal::catalogue
