// The durable memory: transactions over a few connections, to SQLite or to PostgreSQL.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "catalogue/connection.h"
#include "catalogue/schema.h"
#include "catalogue/sql.h"

namespace shoal::catalogue {

/// Thread-safe. Every call blocks until the database answered: never on a network thread (see
/// WorkQueue). What a write answered with success survives a crash and a power cut.
class Database {
  public:
    /// More threads than this wait for one another.
    static constexpr std::size_t default_connections = 4;

    /// Opens the database and brings its tables up to date; several processes may do so at once.
    /// usage: a URL that is none. failed: no connection. unsupported: a database that a newer
    /// version of the program made.
    static Result<std::unique_ptr<Database>> open(std::string_view url,
                                                  std::size_t connections = default_connections,
                                                  std::span<const SchemaStep> steps = schema());
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs work(Sql&), which returns a Result, in a transaction that sees one state of the
    /// database and changes nothing. The work may be run several times: it must not change
    /// anything besides what it returns, and must not begin another transaction.
    /// failed: the database; timeout: others kept it too busy.
    template <class Work>
    auto read(Work&& work) {
        return run(Access::read, std::forward<Work>(work));
    }

    /// The same for changes. All of them are kept when the work returns a value, and none when it
    /// returns an error. Transactions act as if they came one after the other.
    template <class Work>
    auto write(Work&& work) {
        return run(Access::write, std::forward<Work>(work));
    }

    /// For messages; without a password.
    [[nodiscard]] const std::string& shown() const { return url_.shown; }

  private:
    class Lease;

    Database(DatabaseUrl url, std::size_t connections);
    Result<void> migrate(std::span<const SchemaStep> steps);
    Result<void> transact(Access access, const Connection::Work& work);

    template <class Work>
    auto run(Access access, Work&& work) -> std::invoke_result_t<Work&, Sql&> {
        std::optional<std::invoke_result_t<Work&, Sql&>> result;
        const auto done = transact(access, [&](Sql& sql) {
            result.emplace(work(sql));
            return result->has_value();
        });
        if (!done) return std::unexpected(done.error());
        return std::move(*result);
    }

    const DatabaseUrl url_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace shoal::catalogue
