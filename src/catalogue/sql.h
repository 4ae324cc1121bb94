// Statements inside a transaction, with everything from outside as a bound value.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "catalogue/database_url.h"

namespace soci {
class session;
}

namespace shoal::catalogue {

/// What the work of a transaction speaks to. Belongs to the thread of that transaction, for as
/// long as it lasts. A statement that fails leaves by an exception, which only the transaction
/// catches; columns are never NULL.
///
/// Values stand in the text as :a, :b and so on, each name once, in the order of the values.
class Sql {
  public:
    using Value = std::variant<std::int64_t, std::string>;
    using Values = std::vector<Value>;

    Sql(soci::session& session, Dialect dialect) : session_(session), dialect_(dialect) {}

    /// Returns the number of rows that it changed.
    std::int64_t execute(std::string_view text, Values values = {});

    /// Columns are std::int64_t or std::string, in the order of the text.
    template <class... Columns>
    std::vector<std::tuple<Columns...>> rows(std::string_view text, Values values = {}) {
        std::vector<std::tuple<Columns...>> result;
        std::tuple<Columns...> row;
        std::vector<Column> into = std::apply(
            [](auto&... columns) { return std::vector<Column>{Column(&columns)...}; }, row);
        query(text, values, into, [&] { result.push_back(row); });
        return result;
    }

    /// The first row, if there is any.
    template <class... Columns>
    std::optional<std::tuple<Columns...>> row(std::string_view text, Values values = {}) {
        auto all = rows<Columns...>(text, std::move(values));
        if (all.empty()) return std::nullopt;
        return std::move(all.front());
    }

    /// One value that is always there: a count, or the id of `INSERT … RETURNING id`.
    std::int64_t number(std::string_view text, Values values = {});

    /// The condition that one text occurs within another, where both are SQL.
    [[nodiscard]] std::string contains(std::string_view text, std::string_view part) const;

    [[nodiscard]] Dialect dialect() const { return dialect_; }

  private:
    using Column = std::variant<std::int64_t*, std::string*>;
    void query(std::string_view text, Values& values, std::span<const Column> into,
               const std::function<void()>& on_row);

    soci::session& session_;
    Dialect dialect_;
};

}  // namespace shoal::catalogue
