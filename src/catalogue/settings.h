// What administrators have set while the tracker ran, by name: it lasts until it is set anew.
#pragma once
#include <map>
#include <string>

#include "base/error.h"
#include "catalogue/database.h"

namespace shoal::catalogue {

/// Thread-safe. Calls block for the database: never on a network thread. All may answer Database's
/// errors. What names and values mean is the caller's business.
class Settings {
  public:
    using Values = std::map<std::string, std::string>;

    /// The database must outlive it.
    explicit Settings(Database& database) : database_(database) {}

    Result<Values> all();
    /// These from now on; others stay as they are.
    Result<void> set(const Values& values);

  private:
    Database& database_;
};

}  // namespace shoal::catalogue
