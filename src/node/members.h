// Which member is behind an address of the group, as the tracker's list of peers says.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <string>

#include "base/time.h"
#include "node/group_client.h"

namespace shoal::node {

/// Asked for only while somebody wants to see it. Lives on one executor, held by a shared_ptr.
class Members : public std::enable_shared_from_this<Members> {
  public:
    /// Fetches the list if what is known is old, waits for it a moment at most, and keeps what was
    /// known where the tracker does not answer. Without a client everything is forgotten.
    boost::asio::awaitable<void> refresh(std::shared_ptr<GroupClient> client);
    /// Somebody has come or gone: the next refresh() asks soon.
    void outdate() { outdated_ = true; }

    /// Null where it is not known. Valid until the next refresh().
    [[nodiscard]] const std::string* user_at(const net::TcpEndpoint& address) const;

  private:
    boost::asio::awaitable<void> fetch(std::shared_ptr<GroupClient> client);
    [[nodiscard]] bool is_fresh() const;

    std::map<net::TcpEndpoint, std::string> users_;
    std::weak_ptr<GroupClient> group_;  ///< whose list it is
    TimePoint fetched_{};
    bool known_ = false;
    bool outdated_ = false;
    bool fetching_ = false;
};

}  // namespace shoal::node
