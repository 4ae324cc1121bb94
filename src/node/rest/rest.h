// The peer's REST interface; docs/api/peer.yaml describes it. Each file adds one kind of resource
// to the router. Inside src/node only.
//
// Handlers are free coroutines that share the node, because they may end after the server.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <utility>

#include "http/json_body.h"
#include "http/page.h"
#include "http/problem.h"
#include "http/router.h"
#include "node/daemon.h"

namespace shoal::node::rest {

using DaemonPtr = std::shared_ptr<Daemon>;
using Answer = boost::asio::awaitable<void>;

/// Everything that the daemon answers. Holds the node by a weak pointer.
http::Router make_router(const DaemonPtr& node);

void add_items(http::Router& router, const DaemonPtr& node);
void add_group(http::Router& router, const DaemonPtr& node);
void add_details(http::Router& router, const DaemonPtr& node);
void add_uploads(http::Router& router, const DaemonPtr& node);
void add_folders(http::Router& router, const DaemonPtr& node);
void add_daemon(http::Router& router, const DaemonPtr& node);
/// The page and the way in, which are there for everybody.
void add_page(http::Router& router, const DaemonPtr& node);
/// Links to it, and the way out.
void add_page_links(http::Router& router, const DaemonPtr& node);

/// What the function answers, as long as the daemon is there.
template <class Function>
Answer answer_for(std::weak_ptr<Daemon> node, Function function, const http::Request& request,
                  http::Response& response) {
    const DaemonPtr held = node.lock();
    if (!held) co_return http::send_problem(response, 503, "the peer is ending");
    co_await function(held, request, response);
}

/// Makes a handler of a function that takes the daemon, too.
template <class Function>
auto with(const DaemonPtr& node, Function function) {
    return [weak = std::weak_ptr(node), function](const http::Request& request,
                                                  http::Response& response) {
        return answer_for(weak, function, request, response);
    };
}

/// Errors of the peer go to its own user, who may know everything of it.
void tell_error(http::Response& response, const Error& error);
void tell_conflict(http::Response& response, const Error& error);  ///< see http::send_conflict()

void tell_no_item(http::Response& response);
/// The item of the path; nothing: the response says that there is none.
std::shared_ptr<Share> find_share(Daemon& node, const http::Request& request,
                                  http::Response& response);
boost::json::object to_json(const Daemon& node, const Share& share);
/// Whether a path that a query names can be one: absolute, bounded, UTF-8.
bool is_good_path(const std::filesystem::path& path);
/// Waits until a publication is what it is going to be, for a while at most.
boost::asio::awaitable<void> settle_publication(DaemonPtr node, std::shared_ptr<Share> share);
/// The most that a rate can be limited to, bytes a second.
constexpr std::int64_t largest_rate = std::int64_t{1} << 40;
/// An item with its peers, pieces and first files, as one JSON document.
std::string details_of(const Daemon& node, const Share& share);
boost::json::object status_of(const Daemon& node);

}  // namespace shoal::node::rest
