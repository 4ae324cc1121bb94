// Where the database is, as an operator writes it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace shoal::catalogue {

enum class Dialect : std::uint8_t { sqlite, postgresql };

struct DatabaseUrl {
    Dialect dialect = Dialect::sqlite;
    std::string path;     ///< of SQLite's file; absolute
    std::string connect;  ///< what the driver takes; may hold a password, never shown
    std::string shown;    ///< for messages: without password and options

    /// `sqlite3:///absolute/path` or `postgresql://user:password@host:port/database`, the latter
    /// with libpq's options behind a '?'.
    /// usage: anything else; the message repeats no part that may be a password.
    static Result<DatabaseUrl> parse(std::string_view text);
};

}  // namespace shoal::catalogue
