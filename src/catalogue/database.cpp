#include "catalogue/database.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

namespace shoal::catalogue {
namespace {

using namespace std::chrono_literals;

/// Enough for a dozen writers of one row; more of them are told to come back.
constexpr unsigned max_attempts = 40;
constexpr std::chrono::milliseconds longest_pause = 100ms;

/// A pause that grows, and differs from one thread to the next, so that the same two do not meet
/// again.
void pause_after(unsigned attempt) {
    thread_local std::minstd_rand random{std::random_device{}()};
    const auto bound =
        std::min<std::chrono::microseconds>(longest_pause, 1ms * (1u << std::min(attempt, 10u)));
    std::uniform_int_distribution<std::int64_t> below(0, bound.count());
    std::this_thread::sleep_for(std::chrono::microseconds(below(random)));
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

std::string translated(std::string_view statement, Dialect dialect) {
    const bool sqlite = dialect == Dialect::sqlite;
    // AUTOINCREMENT: a number is never given out twice, and cursors and passkeys rely on it.
    std::string text = replaced(std::string(statement), "{id}",
                                sqlite ? "INTEGER PRIMARY KEY AUTOINCREMENT"
                                       : "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
    return replaced(std::move(text), "{text}", sqlite ? "TEXT" : "TEXT COLLATE \"C\"");
}

}  // namespace

/// A connection that is this thread's until the end of its scope.
class Database::Lease {
  public:
    explicit Lease(Database& database) : database_(database) {
        std::unique_lock lock(database_.mutex_);
        database_.returned_.wait(lock, [&] { return !database_.idle_.empty(); });
        connection_ = std::move(database_.idle_.back());
        database_.idle_.pop_back();
    }
    ~Lease() {
        const std::lock_guard lock(database_.mutex_);
        database_.idle_.push_back(std::move(connection_));
        database_.returned_.notify_one();
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Connection* operator->() const { return connection_.get(); }

  private:
    Database& database_;
    std::unique_ptr<Connection> connection_;
};

Database::Database(DatabaseUrl url, std::size_t connections) : url_(std::move(url)) {
    for (std::size_t i = 0; i < std::max<std::size_t>(connections, 1); ++i) {
        idle_.push_back(std::make_unique<Connection>(url_));
    }
}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(std::string_view url, std::size_t connections,
                                                 std::span<const SchemaStep> steps) {
    auto parsed = DatabaseUrl::parse(url);
    if (!parsed) return std::unexpected(parsed.error());
    std::unique_ptr<Database> database(new Database(std::move(*parsed), connections));
    if (auto ready = database->migrate(steps); !ready) return std::unexpected(ready.error());
    return database;
}

Result<void> Database::migrate(std::span<const SchemaStep> steps) {
    const auto last = static_cast<std::int64_t>(steps.size());
    for (std::int64_t version = -1; version < last;) {
        auto reached = run(Access::migrate, [&](Sql& sql) -> Result<std::int64_t> {
            sql.execute("CREATE TABLE IF NOT EXISTS shoal_schema (version BIGINT NOT NULL)");
            const auto row = sql.row<std::int64_t>("SELECT version FROM shoal_schema");
            if (!row) sql.execute("INSERT INTO shoal_schema VALUES (0)");
            const std::int64_t present = row ? std::get<0>(*row) : 0;
            if (present > last) {
                return fail(ErrorCode::unsupported,
                            "the database {} was made by a newer version of shoal (its tables have "
                            "version {}, this program knows {}); update the program",
                            url_.shown, present, last);
            }
            if (present == last) return present;
            for (const std::string_view statement : steps[static_cast<std::size_t>(present)]) {
                sql.execute(translated(statement, sql.dialect()));
            }
            sql.execute("UPDATE shoal_schema SET version = :a", {present + 1});
            return present + 1;
        });
        if (!reached) return std::unexpected(reached.error());
        version = *reached;
    }
    return {};
}

Result<void> Database::transact(Access access, const Connection::Work& work) {
    for (unsigned attempt = 1;; ++attempt) {
        auto done = Lease(*this)->transact(access, work);
        if (done) return {};
        if (!done.error().again) return std::unexpected(std::move(done.error().error));
        if (attempt == max_attempts) {
            return fail(ErrorCode::timeout, "the database {} is busy; try again in a moment",
                        url_.shown);
        }
        pause_after(attempt);
    }
}

}  // namespace shoal::catalogue
