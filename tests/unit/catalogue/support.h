// A database of a test's own on each backend, and the catalogue upon it.
#pragma once
#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "catalogue/accounts.h"
#include "catalogue/database.h"
#include "catalogue/database_url.h"
#include "catalogue/publications.h"

namespace shoal::catalogue {

class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// Runs on SQLite and on PostgreSQL, each time with an empty database.
class BackendTest : public testing::TestWithParam<Dialect> {
  protected:
    void SetUp() override;
    void TearDown() override;

    [[nodiscard]] std::unique_ptr<Database> open_database() const;
    /// What an operator would do to the server at the same time; PostgreSQL only. `{}` is the name
    /// of the test's database.
    void administer(std::string_view statement) const;

    TemporaryFolder folder_;
    std::string url_;
    std::string database_name_;  ///< PostgreSQL only
};

/// With everything on top of it, a clock of its own and cheap passwords.
class CatalogueTest : public BackendTest {
  protected:
    void SetUp() override;

    User register_user(const std::string& name);
    User register_administrator(const std::string& name);
    std::string log_in(const std::string& name);

    Time time_{std::chrono::seconds(1'800'000'000)};
    std::unique_ptr<Database> database_;
    std::unique_ptr<Secrets> secrets_;
    std::unique_ptr<Passwords> passwords_;
    std::unique_ptr<Passkeys> passkeys_;
    std::unique_ptr<Accounts> accounts_;
    std::unique_ptr<Publications> publications_;
};

inline constexpr PasswordCost cheap_passwords{1, 8192};
inline constexpr std::string_view good_password = "correct horse";

/// The info of a torrent of one file; another content for every seed.
std::shared_ptr<const metainfo::Info> make_info(const std::string& name, int seed = 1,
                                                ByteCount size = 1000);
std::shared_ptr<const metainfo::Info> make_info_v2(const std::string& name);

inline std::string backend_name(const testing::TestParamInfo<Dialect>& info) {
    return info.param == Dialect::sqlite ? "sqlite" : "postgresql";
}

inline auto backends() {
    return testing::Values(Dialect::sqlite, Dialect::postgresql);
}

}  // namespace shoal::catalogue
