// The group's durable memory as a whole: database, key, accounts, publications and settings, and
// the threads that wait for them.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "catalogue/accounts.h"
#include "catalogue/database.h"
#include "catalogue/passkeys.h"
#include "catalogue/passwords.h"
#include "catalogue/publications.h"
#include "catalogue/secrets.h"
#include "catalogue/settings.h"
#include "catalogue/work_queue.h"

namespace shoal::catalogue {

struct CatalogueOptions {
    std::string database_url;
    std::filesystem::path key_file;  ///< made when there is none; its folder must exist
    std::size_t least_password = default_least_password;  ///< characters
    PasswordCost password_cost;
    TimeSource now;  ///< of the wall clock; none: the system's
};

/// Thread-safe. A handler on the network asks in one of two ways, and waits for neither:
///
///     auto page = co_await catalogue.run<Page<Publication>>(
///         [&] { return catalogue.publications().list(query); }, boost::asio::use_awaitable);
///
/// and run_hashing<T>() for what Accounts marks "hashes".
class Catalogue {
  public:
    /// Blocks for the database; call it before the network starts. The errors of Database::open()
    /// and Secrets::open().
    static Result<std::unique_ptr<Catalogue>> open(boost::asio::any_io_executor executor,
                                                   CatalogueOptions options);
    Catalogue(const Catalogue&) = delete;
    Catalogue& operator=(const Catalogue&) = delete;
    ~Catalogue() = default;

    /// work() returns Result<T>; see WorkQueue::run(). timeout: too much is waiting.
    template <class T, class Work, class Token>
    auto run(Work work, Token&& token) {
        return queries_.run<T>(std::move(work), std::forward<Token>(token));
    }
    template <class T, class Work, class Token>
    auto run_hashing(Work work, Token&& token) {
        return hashing_.run<T>(std::move(work), std::forward<Token>(token));
    }

    Accounts& accounts() { return accounts_; }
    Publications& publications() { return publications_; }
    Settings& settings() { return settings_; }
    /// Answers at once, from memory.
    [[nodiscard]] const Passkeys& passkeys() const { return passkeys_; }
    /// See Secrets::instance().
    [[nodiscard]] std::string instance() const { return secrets_.instance(); }
    [[nodiscard]] const Database& database() const { return *database_; }

  private:
    static constexpr unsigned query_threads = 2;
    static constexpr std::size_t waiting_queries = 1024;
    /// Two hashes of 64 MiB at a time; who stands last in the queue waits some two seconds.
    static constexpr unsigned hashing_threads = 2;
    static constexpr std::size_t waiting_hashes = 64;

    Catalogue(boost::asio::any_io_executor executor, CatalogueOptions options,
              std::unique_ptr<Database> database, Secrets secrets);

    const std::unique_ptr<Database> database_;
    const Secrets secrets_;
    const Passwords passwords_;
    Passkeys passkeys_;
    Accounts accounts_;
    Publications publications_;
    Settings settings_;
    WorkQueue queries_;
    WorkQueue hashing_;
};

}  // namespace shoal::catalogue
