#include "catalogue/database.h"

#include <array>
#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <latch>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "support.h"

namespace shoal::catalogue {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<SchemaStep> first_version = {
    {"CREATE TABLE things (id {id}, name {text} NOT NULL UNIQUE, number BIGINT NOT NULL)"}};
const std::vector<SchemaStep> second_version = {
    first_version[0],
    {"ALTER TABLE things ADD COLUMN colour {text} NOT NULL DEFAULT 'grey'",
     "CREATE TABLE boxes (id {id})"}};

class DatabaseTest : public BackendTest {
  protected:
    std::unique_ptr<Database> open(std::span<const SchemaStep> steps = first_version) {
        auto database = Database::open(url_, Database::default_connections, steps);
        EXPECT_TRUE(database) << database.error().message;
        return database ? std::move(*database) : nullptr;
    }
    static Result<void> add(Database& database, const std::string& name, std::int64_t number = 0) {
        return database.write([&](Sql& sql) -> Result<void> {
            sql.execute("INSERT INTO things (name, number) VALUES (:a, :b)", {name, number});
            return {};
        });
    }
    static std::vector<std::string> names(Database& database) {
        auto found = database.read([](Sql& sql) -> Result<std::vector<std::string>> {
            std::vector<std::string> result;
            for (const auto& [name] :
                 sql.rows<std::string>("SELECT name FROM things ORDER BY name")) {
                result.push_back(name);
            }
            return result;
        });
        EXPECT_TRUE(found) << found.error().message;
        return found.value_or(std::vector<std::string>());
    }
};
INSTANTIATE_TEST_SUITE_P(Backends, DatabaseTest, backends(), backend_name);

TEST_P(DatabaseTest, AnErrorOfTheWorkChangesNothing) {
    const auto database = open();
    const auto refused = database->write([](Sql& sql) -> Result<int> {
        sql.execute("INSERT INTO things (name, number) VALUES ('a', 1)");
        return fail(ErrorCode::refused, "no");
    });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "no");
    EXPECT_TRUE(names(*database).empty());
}

TEST_P(DatabaseTest, ValuesAreTakenLiterally) {
    const auto database = open();
    const std::vector<std::string> hostile = {"' OR '1'='1",
                                              "'; DROP TABLE things; --",
                                              "\\'",
                                              ":a",
                                              "%",
                                              "_",
                                              "$1",
                                              "\"",
                                              "\n\t",
                                              "Bài giảng",
                                              "",
                                              "\xf0\x9f\x90\x9f"};
    for (const std::string& text : hostile) ASSERT_TRUE(add(*database, text)) << text;
    for (const std::string& text : hostile) {
        const auto count = database->read([&](Sql& sql) -> Result<std::int64_t> {
            return sql.number("SELECT COUNT(*) FROM things WHERE name = :a", {text});
        });
        EXPECT_EQ(count, 1) << text;
    }
}

TEST_P(DatabaseTest, NumbersKeepTheirWholeRange) {
    const auto database = open();
    for (const std::int64_t number :
         {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{5} << 40,
          std::numeric_limits<std::int64_t>::max()}) {
        ASSERT_TRUE(add(*database, std::to_string(number), number));
        const auto found = database->read([&](Sql& sql) -> Result<std::int64_t> {
            return sql.number("SELECT number FROM things WHERE name = :a",
                              {std::to_string(number)});
        });
        EXPECT_EQ(found, number);
    }
}

TEST_P(DatabaseTest, AFailedStatementIsOneLineWithoutItsValues) {
    const auto database = open();
    const auto failed = database->write([](Sql& sql) -> Result<void> {
        sql.execute("INSERT INTO nowhere (name) VALUES (:a)", {std::string("s3cret")});
        return {};
    });
    ASSERT_FALSE(failed);
    EXPECT_THAT(failed.error().message, HasSubstr("nowhere"));
    EXPECT_THAT(failed.error().message, Not(HasSubstr("s3cret")));
    EXPECT_THAT(failed.error().message, Not(HasSubstr("\n")));
    EXPECT_TRUE(add(*database, "afterwards"));
}

TEST_P(DatabaseTest, TransactionsActAsIfOneAfterTheOther) {
    const auto database = open();
    ASSERT_TRUE(add(*database, "counter"));
    constexpr int threads = 4;
    constexpr int rounds = 25;
    {
        std::vector<std::jthread> counting;
        for (int i = 0; i < threads; ++i) {
            counting.emplace_back([&] {
                for (int round = 0; round < rounds; ++round) {
                    const auto counted = database->write([](Sql& sql) -> Result<void> {
                        const auto number = sql.number("SELECT number FROM things");
                        sql.execute("UPDATE things SET number = :a", {number + 1});
                        return {};
                    });
                    EXPECT_TRUE(counted) << counted.error().message;
                }
            });
        }
    }
    const auto total = database->read(
        [](Sql& sql) -> Result<std::int64_t> { return sql.number("SELECT number FROM things"); });
    EXPECT_EQ(total, threads * rounds);
}

TEST_P(DatabaseTest, AnOlderDatabaseIsBroughtUpToDateAndKeepsItsRows) {
    ASSERT_TRUE(add(*open(first_version), "old"));
    const auto database = open(second_version);
    const auto colour = database->read([](Sql& sql) -> Result<std::string> {
        return std::get<0>(sql.row<std::string>("SELECT colour FROM things").value());
    });
    EXPECT_EQ(colour, "grey");
    EXPECT_TRUE(open(second_version)) << "a second time it is up to date";
}

TEST_P(DatabaseTest, ANewerDatabaseIsRefused) {
    open(second_version);
    const auto refused = Database::open(url_, 1, first_version);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
    EXPECT_THAT(refused.error().message, HasSubstr("update the program"));
}

TEST_P(DatabaseTest, AStepThatFailsLeavesTheVersionBefore) {
    ASSERT_TRUE(add(*open(first_version), "kept"));
    const std::vector<SchemaStep> broken = {first_version[0],
                                            {"CREATE TABLE half (id {id})", "CREATE NONSENSE"}};
    EXPECT_FALSE(Database::open(url_, 1, broken));
    EXPECT_THAT(names(*open(first_version)), testing::ElementsAre("kept"));
    EXPECT_TRUE(open(second_version));
}

TEST_P(DatabaseTest, SeveralMayOpenANewDatabaseAtOnce) {
    std::vector<std::jthread> opening;
    for (int i = 0; i < 4; ++i) {
        opening.emplace_back([&] { open(second_version); });
    }
    opening.clear();
    EXPECT_TRUE(add(*open(second_version), "a"));
}

TEST_P(DatabaseTest, WhatWasAnsweredSurvivesAKill) {
    open();
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        auto database = Database::open(url_, 1, first_version);
        for (int i = 0; database && i < 10'000; ++i) {
            if (!add(**database, std::to_string(i), i)) break;
            const char answered = 1;
            if (::write(pipe[1], &answered, 1) != 1) break;
        }
        ::_exit(1);
    }
    ::close(pipe[1]);
    char byte = 0;
    int answered = 0;
    while (answered < 50 && ::read(pipe[0], &byte, 1) == 1) ++answered;
    ::kill(child, SIGKILL);
    while (::read(pipe[0], &byte, 1) == 1) ++answered;
    ::close(pipe[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it was killed while it wrote";
    EXPECT_GE(answered, 50);
    EXPECT_GE(names(*open()).size(), static_cast<std::size_t>(answered));
}

class SqliteTest : public DatabaseTest {};
INSTANTIATE_TEST_SUITE_P(Backends, SqliteTest, testing::Values(Dialect::sqlite), backend_name);

TEST_P(SqliteTest, NobodyElseMayReadItsFiles) {
    const auto database = open();
    ASSERT_TRUE(add(*database, "a"));
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
        struct stat status{};
        ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 077, 0u) << entry.path();
        ++files;
    }
    EXPECT_EQ(files, 3) << "the database, its log and the log's index";
}

TEST_P(SqliteTest, CommitsReachTheDiskBeforeTheirAnswer) {
    const auto database = open();
    const auto modes = database->read([](Sql& sql) -> Result<std::string> {
        return fmt::format("{} {} {}",
                           std::get<0>(sql.row<std::string>("PRAGMA journal_mode").value()),
                           sql.number("PRAGMA synchronous"), sql.number("PRAGMA foreign_keys"));
    });
    EXPECT_EQ(modes, "wal 2 1");
}

TEST_P(SqliteTest, AFolderThatIsMissingAndAFileThatIsNoDatabaseAreOneClearLine) {
    const auto missing = Database::open("sqlite3:///nonexistent/shoal/t.db");
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, HasSubstr("sqlite3:///nonexistent/shoal/t.db"));
    std::ofstream(folder_.path() / "tracker.db") << std::string(8192, 'x');
    const auto other = Database::open(url_);
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().message, HasSubstr("cannot be opened"));
    EXPECT_THAT(other.error().message, Not(HasSubstr("\n")));
}

class PostgresqlTest : public DatabaseTest {
  protected:
    void cut_connections() const {
        administer("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'");
    }
};
INSTANTIATE_TEST_SUITE_P(Backends, PostgresqlTest, testing::Values(Dialect::postgresql),
                         backend_name);

TEST_P(PostgresqlTest, ACutConnectionIsMadeAnew) {
    const auto database = open();
    ASSERT_TRUE(add(*database, "before"));
    cut_connections();
    const auto after = add(*database, "after");
    EXPECT_TRUE(after) << after.error().message;
    EXPECT_THAT(names(*database), testing::ElementsAre("after", "before"));
}

TEST_P(PostgresqlTest, WhileTheServerIsAwayEveryCallSaysSo) {
    const auto database = open();
    ASSERT_TRUE(add(*database, "before"));
    administer("ALTER DATABASE {} ALLOW_CONNECTIONS false");
    cut_connections();
    const auto away = add(*database, "meanwhile");
    ASSERT_FALSE(away);
    EXPECT_THAT(away.error().message, HasSubstr("cannot be opened"));
    EXPECT_THAT(away.error().message, Not(HasSubstr("\n")));
    administer("ALTER DATABASE {} ALLOW_CONNECTIONS true");
    EXPECT_TRUE(add(*database, "after"));
    EXPECT_THAT(names(*database), testing::ElementsAre("after", "before"));
}

TEST_P(PostgresqlTest, ATransactionInWhichTheConnectionBreaksHappensOnce) {
    const auto database = open();
    int runs = 0;
    const auto added = database->write([&](Sql& sql) -> Result<void> {
        sql.execute("INSERT INTO things (name, number) VALUES ('a', 1)");
        if (++runs == 1) cut_connections();
        sql.execute("INSERT INTO things (name, number) VALUES ('b', 1)");
        return {};
    });
    EXPECT_TRUE(added) << added.error().message;
    EXPECT_EQ(runs, 2);
    EXPECT_THAT(names(*database), testing::ElementsAre("a", "b"));
}

TEST_P(PostgresqlTest, AWrongPasswordIsNotRepeated) {
    const auto at = url_.find('@');
    const auto refused = Database::open("postgresql://shoal:s3cret" + url_.substr(at));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("password authentication failed"));
    EXPECT_THAT(refused.error().message, Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace shoal::catalogue
