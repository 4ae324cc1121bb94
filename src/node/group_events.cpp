#include "node/group_events.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <spdlog/spdlog.h>

namespace shoal::node {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;

constexpr Duration first_pause = 1s;
constexpr Duration longest_pause = 60s;
constexpr std::array<std::string_view, 6> types{"published",   "unpublished", "preparing",
                                                "peer_joined", "peer_left",   "reset"};

}  // namespace

void GroupEvents::follow(std::shared_ptr<GroupClient> client) {
    if (client && cancel_ && client == group_) return;
    ++run_;
    if (const auto cancel = std::exchange(cancel_, nullptr)) {
        // Not from within the coroutine, which may be what has led here.
        boost::asio::post(executor_,
                          [cancel] { cancel->emit(boost::asio::cancellation_type::terminal); });
    }
    if (!client) return;
    if (client != group_) parser_ = std::make_shared<http::EventParser>();
    group_ = client;
    cancel_ = std::make_shared<boost::asio::cancellation_signal>();
    // The signal must live as long as what it cancels.
    boost::asio::co_spawn(executor_, run(std::move(client)),
                          boost::asio::bind_cancellation_slot(
                              cancel_->slot(), [kept = cancel_](const std::exception_ptr&) {}));
}

awaitable<void> GroupEvents::run(std::shared_ptr<GroupClient> client) {
    const auto self = shared_from_this();
    const auto run = run_;
    const auto still = [self, run] { return self->run_ == run; };
    boost::asio::steady_timer timer(executor_);
    Duration pause = first_pause;
    bool opened = false;
    while (still()) {
        parser_ = std::make_shared<http::EventParser>(parser_->last_id());
        std::function<void()> open = [&opened, still, self] {
            opened = true;
            if (still()) self->on_open();
        };
        std::function<void(const http::ReceivedEvent&)> told =
            [still, self](const http::ReceivedEvent& event) {
                if (still()) self->on_event(event);
            };
        const Error why = co_await client->events(parser_, std::move(open), std::move(told));
        if (!still() || client->lost_login()) co_return;
        spdlog::debug("the group's events: {}", why.message);
        if (std::exchange(opened, false)) pause = first_pause;
        timer.expires_after(pause);
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        pause = std::min<Duration>(pause * 2, longest_pause);
    }
}

void GroupEvents::on_open() {
    // Otherwise the tracker goes on from there, or says itself that it cannot.
    if (parser_->last_id().empty()) tell_("reset", json::object());
}

void GroupEvents::on_event(const http::ReceivedEvent& event) {
    if (std::ranges::find(types, event.type) == types.end()) return;
    boost::system::error_code error;
    json::value data = json::parse(event.data, error);
    if (!error) tell_(event.type, std::move(data));
}

}  // namespace shoal::node
