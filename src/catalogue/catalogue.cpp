#include "catalogue/catalogue.h"

namespace shoal::catalogue {
namespace {

Time system_time() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

}  // namespace

Result<std::unique_ptr<Catalogue>> Catalogue::open(boost::asio::any_io_executor executor,
                                                   CatalogueOptions options) {
    if (!options.now) options.now = system_time;
    auto secrets = Secrets::open(options.key_file);
    if (!secrets) return std::unexpected(secrets.error());
    auto database = Database::open(options.database_url, query_threads + hashing_threads);
    if (!database) return std::unexpected(database.error());
    std::unique_ptr<Catalogue> catalogue(new Catalogue(std::move(executor), std::move(options),
                                                       std::move(*database), std::move(*secrets)));
    if (auto loaded = catalogue->accounts_.load(); !loaded) {
        return std::unexpected(loaded.error());
    }
    return catalogue;
}

Catalogue::Catalogue(boost::asio::any_io_executor executor, CatalogueOptions options,
                     std::unique_ptr<Database> database, Secrets secrets)
    : database_(std::move(database)),
      secrets_(std::move(secrets)),
      passwords_(options.password_cost),
      passkeys_(secrets_),
      accounts_(*database_, secrets_, passwords_, passkeys_, options.now),
      publications_(*database_, options.now),
      settings_(*database_),
      queries_(executor, "the database", query_threads, waiting_queries),
      hashing_(executor, "checking passwords", hashing_threads, waiting_hashes) {
    accounts_.set_least_password(options.least_password);
}

}  // namespace shoal::catalogue
