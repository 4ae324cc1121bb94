#include "catalogue/catalogue.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "support.h"

namespace shoal::catalogue {
namespace {

class WholeCatalogueTest : public BackendTest {
  protected:
    std::unique_ptr<Catalogue> open() {
        auto catalogue =
            Catalogue::open(context_.get_executor(), {.database_url = url_,
                                                      .key_file = folder_.path() / "tracker.key",
                                                      .password_cost = cheap_passwords});
        EXPECT_TRUE(catalogue) << catalogue.error().message;
        return catalogue ? std::move(*catalogue) : nullptr;
    }
    /// Runs on the network's thread to its end.
    template <class Work>
    void run(Work work) {
        boost::asio::co_spawn(context_, std::move(work), [](const std::exception_ptr& error) {
            if (error) std::rethrow_exception(error);
        });
        context_.run();
        context_.restart();
    }

    boost::asio::io_context context_;
};
INSTANTIATE_TEST_SUITE_P(Backends, WholeCatalogueTest, backends(), backend_name);

TEST_P(WholeCatalogueTest, EverythingIsThereAgainAfterARestart) {
    std::string token;
    std::string passkey;
    {
        const auto catalogue = open();
        run([&]() -> boost::asio::awaitable<void> {
            Accounts& accounts = catalogue->accounts();
            const auto user = co_await catalogue->run_hashing<User>(
                [&] { return accounts.register_user("anna", good_password); },
                boost::asio::use_awaitable);
            const auto login = co_await catalogue->run_hashing<NewSession>(
                [&] { return accounts.login("anna", good_password, "test"); },
                boost::asio::use_awaitable);
            Publications& publications = catalogue->publications();
            const auto made = co_await catalogue->run<Publication>(
                [&]() -> Result<Publication> {
                    const auto peer = publications.register_peer(user->id, "one", "10.0.0.1", 6881);
                    if (!peer) return std::unexpected(peer.error());
                    return publications.publish(peer->id, {"Bài giảng", "bg", make_info("bg")});
                },
                boost::asio::use_awaitable);
            EXPECT_TRUE(made) << made.error().message;
            token = login.value().token;
            passkey = catalogue->passkeys().of_user(user.value().id).value();
        });
    }
    const auto catalogue = open();
    EXPECT_TRUE(catalogue->passkeys().user_of(passkey));
    EXPECT_EQ(catalogue->accounts().whoami(token).value().user.name, "anna");
    EXPECT_EQ(catalogue->publications().list({.search = "bai giang"}).value().items.size(), 1u);
}

}  // namespace
}  // namespace shoal::catalogue
