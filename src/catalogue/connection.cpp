#include "catalogue/connection.h"

#include <cerrno>
#include <fcntl.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <unistd.h>

#include "base/text.h"

namespace shoal::catalogue {
namespace {

/// A number that stands for this program's migrations among PostgreSQL's advisory locks.
constexpr std::string_view migration_lock = "SELECT pg_advisory_xact_lock(7310306487)";

constexpr std::size_t max_reason_bytes = 300;

/// What the database said, on one line. The driver's full text would add the statement with its
/// bound values, and PostgreSQL's details the values of a row: both may be secrets.
std::string reason(const soci::soci_error& error) {
    std::string text = error.get_error_message();
    for (const std::string_view detail : {"\nDETAIL:", "\nHINT:", "\nCONTEXT:", "\nLINE "}) {
        if (const auto at = text.find(detail); at != std::string::npos) text.resize(at);
    }
    while (text.ends_with('\n') || text.ends_with(' ') || text.ends_with('.')) text.pop_back();
    for (char& c : text) {
        if (c == '\n' || c == '\t') c = ' ';
    }
    if (text.size() > max_reason_bytes) text.resize(max_reason_bytes);
    return printable(text);
}

ErrorCode code_of(const soci::soci_error& error) {
    if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
        if ((sqlite->result() & 0xff) == SQLITE_FULL) return ErrorCode::no_space;
    }
    if (const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error)) {
        if (postgres->sqlstate().starts_with("53100")) return ErrorCode::no_space;
    }
    return ErrorCode::failed;
}

/// Whether it is a collision with another transaction. A broken constraint is one too: what is
/// inserted was looked for before, so that it came in between, and the next attempt finds it.
bool is_collision(const soci::soci_error& error) {
    if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
        const int result = sqlite->result() & 0xff;
        return result == SQLITE_BUSY || result == SQLITE_LOCKED || result == SQLITE_CONSTRAINT;
    }
    if (const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error)) {
        const std::string state = postgres->sqlstate();
        return state.starts_with("40001") || state.starts_with("40P01") ||
               state.starts_with("23505") || state.starts_with("23503");
    }
    return false;
}

/// SQLite gives its files the mode of the first: nobody else is to read accounts.
void create_private(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) ::close(file);
}

}  // namespace

Connection::Connection(const DatabaseUrl& url) : url_(url) {}
Connection::~Connection() {
    abandon();
}

void Connection::abandon() {
    try {
        session_.reset();
    } catch (const std::exception&) {
        session_.release();  // NOLINT(bugprone-unused-return-value): it is past closing
    }
}

void Connection::prepare() {
    if (url_.dialect != Dialect::sqlite) return;
    // In WAL mode a commit that was answered is in the log on the disk only with FULL.
    for (const std::string_view pragma :
         {"PRAGMA busy_timeout = 10000", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
          "PRAGMA foreign_keys = ON", "PRAGMA trusted_schema = OFF",
          "PRAGMA cache_size = -16384"}) {
        session_->once << std::string(pragma);
    }
}

std::expected<void, Connection::Failure> Connection::open() {
    if (session_) return {};
    try {
        if (url_.dialect == Dialect::sqlite) {
            create_private(url_.path);
            session_ = std::make_unique<soci::session>(soci::sqlite3, url_.connect);
        } else {
            session_ = std::make_unique<soci::session>(soci::postgresql, url_.connect);
        }
        prepare();
        return {};
    } catch (const soci::soci_error& error) {
        abandon();
        return std::unexpected(
            Failure{Error{code_of(error),
                          fmt::format("the database {} cannot be opened ({}); check --db, and that "
                                      "it runs and may be used",
                                      url_.shown, reason(error))},
                    is_collision(error)});
    }
}

void Connection::begin(Sql& sql, Access access) const {
    if (url_.dialect == Dialect::sqlite) {
        // A write that begins as a read could not be continued once another has written.
        sql.execute(access == Access::read ? "BEGIN" : "BEGIN IMMEDIATE");
        return;
    }
    switch (access) {
        case Access::read:
            sql.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            break;
        case Access::write:
            sql.execute("BEGIN ISOLATION LEVEL SERIALIZABLE");
            break;
        case Access::migrate:
            // Each statement must see what another process did before the lock was given.
            sql.execute("BEGIN ISOLATION LEVEL READ COMMITTED");
            sql.execute(migration_lock);
            break;
    }
}

std::expected<void, Connection::Failure> Connection::transact(Access access, const Work& work) {
    if (auto opened = open(); !opened) return opened;
    Sql sql(*session_, url_.dialect);
    bool committing = false;
    try {
        begin(sql, access);
        committing = work(sql);
        sql.execute(committing ? "COMMIT" : "ROLLBACK");
        return {};
    } catch (const soci::soci_error& error) {
        const bool connected = session_->is_connected();
        Failure failure{Error{code_of(error),
                              fmt::format("the database {} failed: {}", url_.shown, reason(error))},
                        is_collision(error)};
        if (!connected) {
            failure.again = !committing;
            if (committing) {
                failure.error.message = fmt::format(
                    "the connection to the database {} broke while saving; look whether it was "
                    "saved before trying again",
                    url_.shown);
            }
            abandon();
            return std::unexpected(std::move(failure));
        }
        try {
            sql.execute("ROLLBACK");
        } catch (const soci::soci_error&) {
            abandon();  // which ends the transaction as well
        }
        return std::unexpected(std::move(failure));
    } catch (...) {
        abandon();
        throw;
    }
}

}  // namespace shoal::catalogue
