// This peer as a member of its group: known to the tracker, its files in the catalogue, its pieces
// reported. Holds on through outages and restarts of the tracker.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "node/group_admission.h"
#include "node/group_client.h"
#include "node/library.h"
#include "node/piece_reports.h"

namespace shoal::node {

struct MembershipStatus {
    std::string tracker;  ///< http://HOST:PORT; empty: there is no group
    std::string user;
    bool connected = false;
    std::string message;  ///< why not, or what the tracker refused; may be empty
};

/// Lives on the session's thread, held by a shared_ptr.
class Membership : public std::enable_shared_from_this<Membership> {
  public:
    /// All must outlive its last coroutine. on_change: the status is another.
    Membership(engine::Session& session, const Home& home, Library& library,
               std::shared_ptr<GroupAdmission> admission, std::function<void()> on_change);

    /// Connects as this member from now on, and to no other group.
    void join(const Account& account);
    /// Tells the tracker that this peer goes, and belongs to no group any more; done is called
    /// when the tracker knows, or does not answer within a moment.
    void leave(std::function<void()> done);
    /// What there is to be told has changed: it is told soon.
    void nudge();
    /// The port is another: it is told at once.
    void moved();

    [[nodiscard]] const MembershipStatus& status() const { return status_; }
    /// The first answer of the tracker is on its way.
    [[nodiscard]] bool is_connecting() const { return connecting_; }
    /// For further calls; null without a group or before the tracker was reached.
    [[nodiscard]] std::shared_ptr<GroupClient> client() const {
        return status_.connected ? client_ : nullptr;
    }
    /// This peer's number in the catalogue; 0 while it is not connected.
    [[nodiscard]] std::int64_t peer() const { return status_.connected ? peer_ : 0; }
    /// Whether the catalogue has the item as it is.
    [[nodiscard]] bool is_listed(const Item& item) const;
    /// Why the catalogue does not take the item; null when it was not refused.
    [[nodiscard]] const Error* refusal(const Item& item) const;

  private:
    struct Refusal {
        InfoHash info_hash;
        Error why;
        TimePoint again;  ///< when it is asked once more
    };

    boost::asio::awaitable<void> run();
    boost::asio::awaitable<Result<void>> connect();
    /// As long as the connection holds; why it does not any more.
    boost::asio::awaitable<Error> keep();
    boost::asio::awaitable<Result<void>> tell();
    boost::asio::awaitable<Result<void>> tell_files();
    boost::asio::awaitable<Result<void>> unlist_others();
    boost::asio::awaitable<Result<void>> list(std::shared_ptr<Share> share);
    boost::asio::awaitable<Result<void>> tell_preparing();
    boost::asio::awaitable<Result<void>> tell_pieces();
    boost::asio::awaitable<void> sleep(Duration duration);
    void set_status(bool connected, std::string message);
    void open_wall();
    void end_run();
    [[nodiscard]] bool is_over(std::uint64_t run) const { return run != run_; }

    engine::Session& session_;
    const Home& home_;
    Library& library_;
    std::shared_ptr<GroupAdmission> admission_;
    std::function<void()> on_change_;
    MembershipStatus status_;

    std::uint64_t run_ = 0;  ///< counts joins and leaves: coroutines of a former one end
    std::shared_ptr<boost::asio::cancellation_signal> cancel_;  ///< of the one that runs
    std::shared_ptr<GroupClient> client_;
    std::int64_t peer_ = 0;
    Duration heartbeat_ = 60s;
    TimePoint registered_{};
    std::map<std::string, GroupFile> listed_;  ///< this peer's files in the catalogue, by name
    std::map<std::int64_t, Refusal> refused_;  ///< what the tracker will not have, by item
    PieceReports reports_;
    TimePoint reported_{};
    std::string prepared_ = "[]";  ///< the list of files being prepared as it was told last
    bool nudged_ = false;
    bool connecting_ = false;
    boost::asio::steady_timer timer_;
};

}  // namespace shoal::node
