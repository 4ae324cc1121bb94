#include "catalogue/settings.h"

namespace shoal::catalogue {

Result<Settings::Values> Settings::all() {
    return database_.read([](Sql& sql) -> Result<Values> {
        Values values;
        for (auto& [name, value] :
             sql.rows<std::string, std::string>("SELECT name, value FROM settings")) {
            values[name] = value;
        }
        return values;
    });
}

Result<void> Settings::set(const Values& values) {
    return database_.write([&](Sql& sql) -> Result<void> {
        for (const auto& [name, value] : values) {
            sql.execute("DELETE FROM settings WHERE name = :a", {name});
            sql.execute("INSERT INTO settings (name, value) VALUES (:a, :b)", {name, value});
        }
        return {};
    });
}

}  // namespace shoal::catalogue
