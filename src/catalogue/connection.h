// One connection to the database, and the one place where the driver's exceptions become errors.
#pragma once
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>

#include "base/error.h"
#include "catalogue/database_url.h"
#include "catalogue/sql.h"

namespace shoal::catalogue {

enum class Access : std::uint8_t {
    read,
    write,
    migrate,  ///< a write that no other process's migration overlaps
};

/// Used by one thread at a time.
class Connection {
  public:
    struct Failure {
        Error error;
        bool again = false;  ///< nothing was changed, and another attempt may succeed
    };
    /// Returns whether to commit. May be called again for the same transaction.
    using Work = std::function<bool(Sql&)>;

    /// The URL must outlive the connection.
    explicit Connection(const DatabaseUrl& url);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// One attempt at a transaction; connects first when there is no connection.
    std::expected<void, Failure> transact(Access access, const Work& work);

  private:
    std::expected<void, Failure> open();
    void prepare();
    void begin(Sql& sql, Access access) const;
    void abandon();

    const DatabaseUrl& url_;
    std::unique_ptr<soci::session> session_;
};

}  // namespace shoal::catalogue
