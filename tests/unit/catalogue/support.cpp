#include "support.h"

#include <boost/json/parse.hpp>
#include <cstdlib>
#include <fstream>
#include <libpq-fe.h>
#include <sstream>
#include <unistd.h>

#include "base/random.h"

namespace shoal::catalogue {
namespace {

/// Where the server of this run of the tests is.
std::string server_url() {
    const char* state = std::getenv("SHOAL_POSTGRES");
    if (state == nullptr) return {};
    std::ifstream file(state);
    std::stringstream text;
    text << file.rdbuf();
    boost::system::error_code error;
    const auto json = boost::json::parse(text.str(), error);
    if (error || !json.is_object() || !json.as_object().contains("url")) return {};
    return std::string(json.at("url").as_string());
}

void run_statement(const std::string& statement) {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(server_url().c_str()),
                                                                  &PQfinish);
    ASSERT_EQ(PQstatus(connection.get()), CONNECTION_OK) << PQerrorMessage(connection.get());
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(
        PQexec(connection.get(), statement.c_str()), &PQclear);
    const auto status = PQresultStatus(result.get());
    ASSERT_TRUE(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        << PQerrorMessage(connection.get());
}

std::shared_ptr<const metainfo::Info> parse_info(const std::string& encoded) {
    const Bytes bytes = bytes_of(encoded);
    auto info = metainfo::Info::parse(ByteVector(bytes.begin(), bytes.end()));
    if (!info) {
        ADD_FAILURE() << info.error().message;
        std::abort();
    }
    return std::make_shared<const metainfo::Info>(std::move(*info));
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    path_ = std::filesystem::temp_directory_path() /
            fmt::format("shoal catalogue {} {:016x}", ::getpid(), random_seed());
    std::filesystem::create_directories(path_);
}
TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void BackendTest::SetUp() {
    if (GetParam() == Dialect::sqlite) {
        // The folder has spaces in its name, as people's folders have.
        std::string path = (folder_.path() / "tracker.db").string();
        for (auto at = path.find(' '); at != std::string::npos; at = path.find(' ')) {
            path.replace(at, 1, "%20");
        }
        url_ = "sqlite3://" + path;
        return;
    }
    const std::string server = server_url();
    ASSERT_FALSE(server.empty()) << "run through ctest, which starts a PostgreSQL server";
    database_name_ = fmt::format("shoal_{:016x}", random_seed());
    administer("CREATE DATABASE {}");
    url_ = server.substr(0, server.rfind('/') + 1) + database_name_;
}

void BackendTest::TearDown() {
    if (!database_name_.empty()) administer("DROP DATABASE {} WITH (FORCE)");
}

void BackendTest::administer(std::string_view statement) const {
    run_statement(fmt::format(fmt::runtime(statement), database_name_));
}

std::unique_ptr<Database> BackendTest::open_database() const {
    auto database = Database::open(url_);
    if (!database) {
        ADD_FAILURE() << database.error().message;
        return nullptr;
    }
    return std::move(*database);
}

void CatalogueTest::SetUp() {
    BackendTest::SetUp();
    if (HasFatalFailure()) return;
    database_ = open_database();
    ASSERT_TRUE(database_);
    auto secrets = Secrets::open(folder_.path() / "tracker.key");
    ASSERT_TRUE(secrets) << secrets.error().message;
    secrets_ = std::make_unique<Secrets>(std::move(*secrets));
    passwords_ = std::make_unique<Passwords>(cheap_passwords);
    passkeys_ = std::make_unique<Passkeys>(*secrets_);
    const TimeSource now = [this] { return time_; };
    accounts_ = std::make_unique<Accounts>(*database_, *secrets_, *passwords_, *passkeys_, now);
    ASSERT_TRUE(accounts_->load());
    publications_ = std::make_unique<Publications>(*database_, now);
}

User CatalogueTest::register_user(const std::string& name) {
    auto user = accounts_->register_user(name, good_password);
    EXPECT_TRUE(user) << user.error().message;
    return user.value_or(User{});
}

User CatalogueTest::register_administrator(const std::string& name) {
    const auto code = accounts_->setup_code();
    EXPECT_TRUE(code && *code);
    auto user = accounts_->register_administrator(name, good_password, code->value_or(""));
    EXPECT_TRUE(user) << user.error().message;
    return user.value_or(User{});
}

std::string CatalogueTest::log_in(const std::string& name) {
    auto session = accounts_->login(name, good_password, "test");
    EXPECT_TRUE(session) << session.error().message;
    return session ? session->token : std::string();
}

std::shared_ptr<const metainfo::Info> make_info(const std::string& name, int seed, ByteCount size) {
    const auto pieces = static_cast<std::size_t>((size + 16383) / 16384);
    std::string hashes = fmt::format("{:020}", seed);
    hashes.resize(pieces * 20, 'h');
    return parse_info(fmt::format("d6:lengthi{}e4:name{}:{}12:piece lengthi16384e6:pieces{}:{}e",
                                  size, name.size(), name, hashes.size(), hashes));
}

std::shared_ptr<const metainfo::Info> make_info_v2(const std::string& name) {
    return parse_info(fmt::format(
        "d9:file treed{0}:{1}d0:d6:lengthi1000e11:pieces root32:{2}eee12:meta versioni2e"
        "4:name{0}:{1}12:piece lengthi16384ee",
        name.size(), name, std::string(32, 'r')));
}

}  // namespace shoal::catalogue
