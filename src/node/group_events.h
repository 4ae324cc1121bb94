// What happens in the group, as the tracker tells it: followed through losses of the connection.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <string_view>

#include "node/group_client.h"

namespace shoal::node {

/// Lives on the executor, held by a shared_ptr. One connection at a time.
class GroupEvents : public std::enable_shared_from_this<GroupEvents> {
  public:
    /// type: the tracker's own, or `reset` whenever events may have been missed.
    using Tell = std::function<void(std::string_view type, boost::json::value data)>;

    GroupEvents(boost::asio::any_io_executor executor, Tell tell)
        : executor_(std::move(executor)), tell_(std::move(tell)) {}

    /// Whose tracker is followed from now on; null: nobody's, until the next call. One that was
    /// followed before goes on where it was.
    void follow(std::shared_ptr<GroupClient> client);

  private:
    boost::asio::awaitable<void> run(std::shared_ptr<GroupClient> client);
    void on_open();
    void on_event(const http::ReceivedEvent& event);

    boost::asio::any_io_executor executor_;
    Tell tell_;
    std::shared_ptr<GroupClient> group_;                        ///< followed now or last
    std::shared_ptr<http::EventParser> parser_;                 ///< of its last connection
    std::shared_ptr<boost::asio::cancellation_signal> cancel_;  ///< of the run; null: none runs
    std::uint64_t run_ = 0;  ///< counts the calls: coroutines of a former one end
};

}  // namespace shoal::node
