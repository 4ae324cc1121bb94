#include "node/members.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include "node/wait_while.h"

namespace shoal::node {
namespace {

using boost::asio::awaitable;

constexpr Duration period = 30s;
/// However often somebody comes.
constexpr Duration shortest_period = 3s;
constexpr Duration patience = 1s;

}  // namespace

bool Members::is_fresh() const {
    return known_ && Clock::now() - fetched_ < (outdated_ ? shortest_period : period);
}

awaitable<void> Members::refresh(std::shared_ptr<GroupClient> client) {
    const auto self = shared_from_this();
    if (!client || group_.lock() != client) {
        users_.clear();
        known_ = false;
        group_ = client;
    }
    if (!client || is_fresh()) co_return;
    if (!fetching_) {
        fetching_ = true;
        const auto executor = co_await boost::asio::this_coro::executor;
        boost::asio::co_spawn(executor, fetch(client), boost::asio::detached);
    }
    auto waiting = [self] { return self->fetching_ && !self->known_; };
    co_await wait_while(std::move(waiting), patience);
}

awaitable<void> Members::fetch(std::shared_ptr<GroupClient> client) {
    const auto self = shared_from_this();
    outdated_ = false;
    auto users = co_await client->users();
    fetching_ = false;
    if (group_.lock() != client) co_return;
    // A tracker that does not answer is not asked without a pause.
    fetched_ = Clock::now();
    known_ = true;
    if (users) users_ = std::move(*users);
}

const std::string* Members::user_at(const net::TcpEndpoint& address) const {
    const auto found = users_.find(address);
    return found == users_.end() ? nullptr : &found->second;
}

}  // namespace shoal::node
