// The tracker's REST interface (docs/api/tracker.yaml) as a peer uses it, in a member's name.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "http/client.h"
#include "http/event_parser.h"
#include "metainfo/metainfo.h"
#include "node/account.h"

namespace shoal::node {

/// A file of the catalogue.
struct GroupFile {
    std::int64_t id = 0;
    std::string name;
    std::string user;
    InfoHash info_hash;
    std::int64_t peer = 0;
    net::TcpEndpoint address;      ///< of its publisher
    bool online = false;           ///< the publisher is there
    boost::json::object document;  ///< as the tracker gave it

    /// bad_data: no such document.
    static Result<GroupFile> of(const boost::json::value& document);
};

/// What is to stand in the catalogue.
struct NewGroupFile {
    std::int64_t peer = 0;
    std::string name;
    std::string path;  ///< as others are shown it
    InfoHash info_hash;
    bool replace = false;
};

/// Lives on one executor, that of the coroutines, which keep it alive by a shared_ptr of theirs.
/// Every call: refused where the token is good no more (lost_login() is then true) or the tracker
/// has another key; otherwise what the tracker answers, or the network's errors.
class GroupClient {
  public:
    template <class T>
    using Answer = boost::asio::awaitable<Result<T>>;

    /// from: the address that calls leave from; none: the system chooses.
    GroupClient(Account account, std::optional<net::Address> from)
        : account_(std::move(account)), from_(std::move(from)) {}

    [[nodiscard]] const Account& account() const { return account_; }
    /// The tracker does not know the token (any more).
    [[nodiscard]] bool lost_login() const { return lost_login_; }

    struct Me {
        std::string user;
        std::string announce;           ///< URL with the passkey: a secret
        std::chrono::seconds interval;  ///< between announces
    };
    Answer<Me> me();

    struct Registered {
        std::int64_t id = 0;       ///< of this peer
        net::TcpEndpoint address;  ///< as the tracker sees it
    };
    Answer<Registered> register_peer(std::string daemon, std::uint16_t port);
    Answer<void> leave(std::int64_t peer);

    /// False: the tracker wants the whole, or does not know the peer (any more).
    Answer<bool> report(std::int64_t peer, boost::json::object report);
    Answer<void> prepare(std::int64_t peer, boost::json::array items);

    Answer<void> upload(std::shared_ptr<const metainfo::Info> info);
    Answer<GroupFile> publish(NewGroupFile file);
    Answer<void> unpublish(std::int64_t file);
    /// All files that a query (such as "name=…", without limit and cursor) finds.
    Answer<std::vector<GroupFile>> files(std::string query);
    Answer<std::shared_ptr<const metainfo::Info>> torrent(InfoHash info_hash);
    /// Addresses of the peers that have some piece.
    Answer<std::vector<net::TcpEndpoint>> holders(InfoHash info_hash);
    Answer<bool> knows(net::Address address);
    /// Who is there, by address; some thousands at most.
    Answer<std::map<net::TcpEndpoint, std::string>> users();

    /// What happens in the group, for as long as the tracker tells it: `told` is called with each
    /// event, `open` once they will come. They go on from the parser's last id. Returns why there
    /// are no more.
    boost::asio::awaitable<Error> events(std::shared_ptr<http::EventParser> parser,
                                         std::function<void()> open,
                                         std::function<void(const http::ReceivedEvent&)> told);

    /// Any other call, passed on as it is. target: path and query.
    Answer<http::ClientResponse> pass(http::Method method, std::string target, std::string body,
                                      std::string content_type);

  private:
    Answer<boost::json::value> call(http::Method method, std::string path,
                                    boost::json::value body = {});
    Answer<http::ClientResponse> send(http::ClientRequest request);

    Account account_;
    std::optional<net::Address> from_;
    bool lost_login_ = false;
};

/// A new session of the tracker that an account names, or a new member's, whose invitation then
/// opens the door: the account with user and token. refused, usage: as the tracker says.
boost::asio::awaitable<Result<Account>> log_in(Account account, std::optional<net::Address> from,
                                               std::string user, std::string password);
struct Newcomer {
    std::string user;
    std::string password;
    std::optional<std::string> invitation;
    std::optional<std::string> setup;
};
boost::asio::awaitable<Result<Account>> sign_up(Account account, std::optional<net::Address> from,
                                                Newcomer newcomer);

/// Percent-coded, to stand in a path or a query.
std::string url_part(std::string_view text);

}  // namespace shoal::node
