#include "catalogue/database_url.h"

#include <boost/url/parse.hpp>
#include <memory>

#include "base/text.h"
#include "catalogue/libpq.h"

namespace shoal::catalogue {
namespace {

constexpr std::size_t max_url_bytes = 4096;

std::unexpected<Error> wrong_url() {
    return fail(ErrorCode::usage,
                "the database must be given as sqlite3:///PATH or postgresql://USER:PASSWORD@HOST/"
                "DATABASE, with special characters of a password as %XX");
}

Result<DatabaseUrl> parse_sqlite(boost::urls::url_view url) {
    if (!url.encoded_authority().empty() || url.has_query() || url.has_fragment()) {
        return fail(ErrorCode::usage,
                    "a SQLite database is named sqlite3:///PATH, with three slashes");
    }
    std::string path = url.path();
    if (!path.starts_with('/') || path.size() < 2 || path.ends_with('/') ||
        path.find_first_of(std::string_view("\"\0", 2)) != std::string::npos ||
        !is_valid_utf8(path)) {
        return fail(ErrorCode::usage, "'{}' cannot be the path of a SQLite database",
                    printable(path));
    }
    DatabaseUrl result{.dialect = Dialect::sqlite, .path = path};
    result.connect = "dbname=\"" + path + "\" timeout=10";
    result.shown = "sqlite3://" + printable(path);
    return result;
}

/// One `keyword='value'` of libpq, with what is special escaped.
std::string libpq_option(std::string_view keyword, std::string_view value) {
    std::string text(keyword);
    text += "='";
    for (const char c : value) {
        if (c == '\'' || c == '\\') text += '\\';
        text += c;
    }
    return text + "' ";
}

Result<DatabaseUrl> parse_postgresql(const std::string& text) {
    if (auto loaded = load_libpq(); !loaded) return std::unexpected(loaded.error());
    // libpq's own message would repeat the URL, password and all.
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(text.c_str(), nullptr), &PQconninfoFree);
    if (!options) return wrong_url();
    DatabaseUrl result{.dialect = Dialect::postgresql};
    std::string host = "localhost";
    std::string database;
    // Notices would land on standard error; a query that hangs would hold a connection for ever.
    std::string settings =
        "-c client_min_messages=error -c statement_timeout=30000 "
        "-c idle_in_transaction_session_timeout=60000";
    bool has_timeout = false;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        const std::string_view keyword = option->keyword;
        const std::string_view value = option->val;
        if (keyword == "options") {
            settings += ' ';
            settings += value;
            continue;
        }
        if (keyword == "port" && value.find_first_not_of("0123456789,") != std::string_view::npos) {
            return wrong_url();
        }
        if (keyword == "host") host = value;
        if (keyword == "dbname") database = value;
        has_timeout = has_timeout || keyword == "connect_timeout";
        result.connect += libpq_option(keyword, value);
    }
    if (database.empty()) {
        return fail(ErrorCode::usage,
                    "the database URL names no database: postgresql://USER:PASSWORD@HOST/DATABASE");
    }
    if (!has_timeout) result.connect += libpq_option("connect_timeout", "5");
    result.connect += libpq_option("application_name", "shoal");
    result.connect += libpq_option("options", settings);
    result.shown = fmt::format("postgresql://{}/{}", printable(host), printable(database));
    return result;
}

}  // namespace

Result<DatabaseUrl> DatabaseUrl::parse(std::string_view text) {
    if (text.size() > max_url_bytes || text.contains('\0')) return wrong_url();
    const auto url = boost::urls::parse_uri(text);
    if (!url) return wrong_url();
    if (url->scheme() == "sqlite3") return parse_sqlite(*url);
    if (url->scheme() == "postgresql" || url->scheme() == "postgres") {
        return parse_postgresql(std::string(text));
    }
    return wrong_url();
}

}  // namespace shoal::catalogue
