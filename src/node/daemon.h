// The peer daemon: what it shares and fetches, its place in the group, and its REST interface.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/session.h"
#include "http/event_stream.h"
#include "http/metrics.h"
#include "http/server.h"
#include "node/fetch.h"
#include "node/group_admission.h"
#include "node/group_events.h"
#include "node/home.h"
#include "node/library.h"
#include "node/members.h"
#include "node/membership.h"
#include "node/page_entrance.h"
#include "node/shared_folder.h"
#include "node/speed_history.h"
#include "node/uploads.h"

namespace shoal::node {

struct DaemonOptions {
    std::vector<net::TcpEndpoint> web;  ///< where REST and the page are
    bool watch = true;                  ///< publishes what is put into the shared folder
    std::size_t downloads_at_once = 5;
};

/// Who stands at a group's door.
enum class Visitor : std::uint8_t {
    member,    ///< logs in
    newcomer,  ///< becomes a member
    either,    ///< one or the other, whichever is let in
};

/// How somebody enters a group.
struct Entrance {
    std::optional<discovery::JoinLink> link;  ///< none: the group that is known already
    std::string user;
    std::string password;
    Visitor visitor = Visitor::member;
};

/// Lives on the session's thread, held by a shared_ptr, which coroutines of REST share.
class Daemon : public std::enable_shared_from_this<Daemon> {
  public:
    /// The admission must be the session's.
    Daemon(Home home, PageEntrance entrance, std::unique_ptr<engine::Session> session,
           std::shared_ptr<GroupAdmission> admission, DaemonOptions options);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// Takes up what was there before, opens REST, and connects as the member who was logged in.
    /// Blocks for the disk; once. failed: a port in use.
    Result<void> start();
    /// Says goodbye to the tracker and saves all progress; done is called when that is safe.
    void stop(std::function<void()> done);

    [[nodiscard]] const Home& home() const { return home_; }
    [[nodiscard]] engine::Session& session() { return *session_; }
    [[nodiscard]] const engine::Session& session() const { return *session_; }
    [[nodiscard]] Library& library() { return *library_; }
    [[nodiscard]] const Library& library() const { return *library_; }
    [[nodiscard]] Membership& membership() { return *membership_; }
    [[nodiscard]] const Membership& membership() const { return *membership_; }
    [[nodiscard]] const std::shared_ptr<Members>& members() const { return members_; }
    [[nodiscard]] Uploads& uploads() { return *uploads_; }
    /// Of all items together.
    [[nodiscard]] const SpeedHistory& speeds() const { return speeds_; }
    [[nodiscard]] http::EventHub& events() { return events_; }
    [[nodiscard]] http::Metrics& metrics() { return metrics_; }
    [[nodiscard]] PageEntrance& entrance() { return entrance_; }
    /// Of REST; a secret.
    [[nodiscard]] const std::string& token() const { return token_; }
    /// http://HOST:PORT of REST, as programs of this machine reach it.
    [[nodiscard]] std::string url() const;
    /// Where peers reach this one.
    [[nodiscard]] net::TcpEndpoint address() const;

    /// An item's details, which are made once a second for as long as somebody holds them.
    std::shared_ptr<const http::LiveDocument> live_details(const std::shared_ptr<Share>& share);

    /// What has this name in the shared folder is new, and published by others than its watcher.
    void expect_shared(const std::string& name);

    /// Logs in, joins, and remembers it. refused: a wrong password, or nobody is let in.
    boost::asio::awaitable<Result<void>> enter(Entrance entrance);
    /// Waits a moment while the tracker is being reached.
    boost::asio::awaitable<void> settle_group();
    /// Ends the session at the tracker and leaves the group.
    boost::asio::awaitable<Result<void>> log_out();
    /// Takes connections there from now on. usage, not_found: no such place. failed: it is in use.
    boost::asio::awaitable<Result<void>> move_to(net::HostPort where);

  private:
    boost::asio::awaitable<Result<Account>> load_account();
    boost::asio::awaitable<Result<Account>> knock(Account account, Entrance entrance) const;
    void tick();
    void tell_changes();
    void tell_details();
    void note_speeds();
    void note_listed();
    void on_group_event(std::string_view type, boost::json::value data);

    Home home_;
    PageEntrance entrance_;
    ItemStore store_{home_};
    std::unique_ptr<engine::Session> session_;
    std::shared_ptr<GroupAdmission> admission_;
    DaemonOptions options_;
    std::string token_;
    http::EventHub events_;
    http::Metrics metrics_;
    std::unique_ptr<Library> library_;
    std::shared_ptr<Membership> membership_;
    std::shared_ptr<Members> members_ = std::make_shared<Members>();
    std::shared_ptr<GroupEvents> group_events_;
    std::shared_ptr<SharedFolder> watcher_;
    std::unique_ptr<Uploads> uploads_;
    SpeedHistory speeds_;
    std::unique_ptr<http::Server> server_;
    boost::asio::steady_timer timer_;
    std::set<std::int64_t> changed_;  ///< items of which listeners are to be told
    std::set<std::int64_t> listed_;   ///< items that the catalogue has, or has refused
    std::map<std::int64_t, std::weak_ptr<http::LiveDocument>> details_;  ///< by item
    bool group_changed_ = false;
    bool telling_ = false;
    bool stopping_ = false;
};

}  // namespace shoal::node
