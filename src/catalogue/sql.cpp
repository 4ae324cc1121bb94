#include "catalogue/sql.h"

#include <soci/soci.h>
#include <stdexcept>

namespace shoal::catalogue {

std::int64_t Sql::execute(std::string_view text, Values values) {
    soci::statement statement(session_);
    for (auto& value : values) {
        std::visit([&](auto& bound) { statement.exchange(soci::use(bound)); }, value);
    }
    statement.alloc();
    statement.prepare(std::string(text));
    statement.define_and_bind();
    statement.execute(true);
    return statement.get_affected_rows();
}

void Sql::query(std::string_view text, Values& values, std::span<const Column> into,
                const std::function<void()>& on_row) {
    soci::statement statement(session_);
    for (const Column& column : into) {
        std::visit([&](auto* target) { statement.exchange(soci::into(*target)); }, column);
    }
    for (auto& value : values) {
        std::visit([&](auto& bound) { statement.exchange(soci::use(bound)); }, value);
    }
    statement.alloc();
    statement.prepare(std::string(text));
    statement.define_and_bind();
    statement.execute(false);
    while (statement.fetch()) on_row();
}

std::int64_t Sql::number(std::string_view text, Values values) {
    const auto found = row<std::int64_t>(text, std::move(values));
    if (!found) throw std::logic_error("a statement that always has a row had none");
    return std::get<0>(*found);
}

std::string Sql::contains(std::string_view text, std::string_view part) const {
    return fmt::format("{}({}, {}) > 0", dialect_ == Dialect::sqlite ? "instr" : "strpos", text,
                       part);
}

}  // namespace shoal::catalogue
