#include "node/daemon.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>
#include <spdlog/spdlog.h>

#include "catalogue/secrets.h"
#include "node/account.h"
#include "node/rest/rest.h"
#include "node/wait_while.h"

namespace shoal::node {
namespace {

using boost::asio::awaitable;
using boost::asio::use_awaitable;

/// Whoever asks for the group right after the start waits this long for the tracker.
constexpr Duration connect_patience = 1500ms;
/// Its own user may put files into it, part by part.
constexpr http::Limits web_limits{.body_bytes = 16 << 20};

awaitable<void> refresh_members(std::shared_ptr<Members> members,
                                std::shared_ptr<GroupClient> client) {
    co_await members->refresh(std::move(client));
}

}  // namespace

Daemon::Daemon(Home home, PageEntrance entrance, std::unique_ptr<engine::Session> session,
               std::shared_ptr<GroupAdmission> admission, DaemonOptions options)
    : home_(std::move(home)),
      entrance_(std::move(entrance)),
      session_(std::move(session)),
      admission_(std::move(admission)),
      options_(std::move(options)),
      token_(catalogue::new_token()),
      events_(session_->executor()),
      timer_(session_->executor()) {
    library_ =
        std::make_unique<Library>(*session_, home_, store_,
                                  Library::Options{.downloads_at_once = options_.downloads_at_once,
                                                   .on_change = [this](std::int64_t id) {
                                                       changed_.insert(id);
                                                       if (membership_) membership_->nudge();
                                                       tell_changes();
                                                   }});
    uploads_ = std::make_unique<Uploads>(*session_, home_.shared());
    group_events_ = std::make_shared<GroupEvents>(
        session_->executor(), [this](std::string_view type, boost::json::value data) {
            on_group_event(type, std::move(data));
        });
    membership_ = std::make_shared<Membership>(*session_, home_, *library_, admission_, [this] {
        group_changed_ = true;
        note_listed();
        group_events_->follow(stopping_ ? nullptr : membership_->client());
        tell_changes();
    });
}

Daemon::~Daemon() {
    ApiAccess::remove(home_.folder());
}

Result<void> Daemon::start() {
    uploads_->clear();
    if (auto loaded = library_->load(); !loaded) return loaded;
    server_ = std::make_unique<http::Server>(session_->executor(),
                                             rest::make_router(shared_from_this()), web_limits);
    server_->measure(metrics_);
    if (auto listening = server_->listen(options_.web); !listening) return listening;
    if (auto saved = ApiAccess{url(), token_}.save(home_.folder()); !saved) return saved;
    if (const auto account = Account::load(home_.folder()); account && account->token) {
        membership_->join(*account);
    } else if (!account && account.error().code != ErrorCode::not_found) {
        spdlog::warn("{}", account.error().message);
    }
    if (options_.watch) {
        watcher_ = std::make_shared<SharedFolder>(*session_, *library_, home_.shared());
        watcher_->start();
    }
    tick();
    return {};
}

void Daemon::stop(std::function<void()> done) {
    stopping_ = true;
    timer_.cancel();
    group_events_->follow(nullptr);
    if (watcher_) watcher_->stop();
    if (server_) server_->stop();
    ApiAccess::remove(home_.folder());
    const auto left = std::make_shared<int>(2);
    const auto one_less = [left, done = std::move(done)] {
        if (--*left == 0) done();
    };
    // The announcers tell that they stop by the group's address, so it stays theirs until then.
    library_->stop(one_less);
    membership_->leave(one_less);
}

std::string Daemon::url() const {
    net::TcpEndpoint endpoint = server_->endpoints().front();
    if (endpoint.address().is_unspecified()) {
        endpoint.address(endpoint.address().is_v4()
                             ? net::Address(boost::asio::ip::address_v4::loopback())
                             : net::Address(boost::asio::ip::address_v6::loopback()));
    }
    return "http://" + net::to_text(endpoint);
}

net::TcpEndpoint Daemon::address() const {
    return {session_->options().from.value_or(net::outward_address()), session_->port()};
}

awaitable<Result<Account>> Daemon::knock(Account account, Entrance entrance) const {
    const auto from = session_->options().from;
    Error not_new;
    if (entrance.visitor != Visitor::member) {
        Newcomer newcomer{.user = entrance.user, .password = entrance.password};
        if (entrance.link) {
            newcomer.invitation = entrance.link->invitation;
            newcomer.setup = entrance.link->setup;
        }
        auto entered = co_await sign_up(account, from, std::move(newcomer));
        const bool refused = !entered && entered.error().code == ErrorCode::refused;
        if (!refused || entrance.visitor == Visitor::newcomer) co_return entered;
        not_new = entered.error();
    }
    auto entered = co_await node::log_in(account, from, entrance.user, entrance.password);
    if (entered || not_new.message.empty()) co_return entered;
    co_return fail(entered.error().code, "{}; and as a new member: {}", entered.error().message,
                   not_new.message);
}

awaitable<Result<Account>> Daemon::load_account() {
    auto load = [folder = home_.folder()] { return Account::load(folder); };
    co_return co_await session_->disk().run<Account>(std::move(load), use_awaitable);
}

awaitable<Result<void>> Daemon::enter(Entrance entrance) {
    Account account;
    if (entrance.link) {
        account = Account::of(*entrance.link);
    } else {
        auto known = co_await load_account();
        if (!known) co_return std::unexpected(known.error());
        account = std::move(*known);
    }
    const auto entered = co_await knock(std::move(account), std::move(entrance));
    if (!entered) co_return std::unexpected(entered.error());
    auto save = [account = *entered, folder = home_.folder()] { return account.save(folder); };
    const auto saved = co_await session_->disk().run<void>(std::move(save), use_awaitable);
    if (!saved) co_return saved;
    if (stopping_) co_return Result<void>();
    membership_->join(*entered);
    co_await settle_group();
    co_return Result<void>();
}

awaitable<void> Daemon::settle_group() {
    auto connecting = [this] { return !stopping_ && membership_->is_connecting(); };
    co_await wait_while(std::move(connecting), connect_patience);
}

awaitable<Result<void>> Daemon::log_out() {
    auto account = co_await load_account();
    if (!account) co_return std::unexpected(account.error());
    if (!account->token) co_return Result<void>();
    const auto client = std::make_shared<GroupClient>(*account, session_->options().from);
    membership_->leave([] {});
    const auto ended =
        co_await client->pass(http::Method::delete_, "/api/v1/sessions/current", "", "");
    if (!ended) spdlog::warn("the tracker was not told of the logout: {}", ended.error().message);
    account->token.reset();
    auto save = [kept = *account, folder = home_.folder()] { return kept.save(folder); };
    co_return co_await session_->disk().run<void>(std::move(save), use_awaitable);
}

awaitable<Result<void>> Daemon::move_to(net::HostPort where) {
    auto resolve = [where] { return net::listen_endpoints(where); };
    const auto endpoints = co_await session_->disk().run<std::vector<net::TcpEndpoint>>(
        std::move(resolve), use_awaitable);
    if (!endpoints) co_return std::unexpected(endpoints.error());
    std::optional<net::Address> from;
    if (endpoints->size() == 1 && !endpoints->front().address().is_unspecified()) {
        from = endpoints->front().address();
    }
    if (auto moved = session_->move_to(*endpoints, from); !moved) co_return moved;
    // Announcers tell the port that they began with.
    library_->pause_for([this] { membership_->moved(); });
    co_return Result<void>();
}

void Daemon::tick() {
    timer_.expires_after(1s);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error || stopping_) return;
        library_->tick(Clock::now());
        uploads_->tick(Clock::now());
        note_speeds();
        // Those that move data have something new to show every second.
        for (const auto& [id, share] : library_->shares()) {
            const auto state = share->state();
            const bool moves = state == ShareState::fetching || state == ShareState::hashing ||
                               state == ShareState::checking ||
                               (state == ShareState::sharing && share->status().transfer.up > 0);
            if (moves) changed_.insert(id);
        }
        tell_changes();
        tell_details();
        tick();
    });
}

std::shared_ptr<const http::LiveDocument> Daemon::live_details(
    const std::shared_ptr<Share>& share) {
    std::weak_ptr<http::LiveDocument>& kept = details_[share->item().id];
    if (auto known = kept.lock()) return known;
    const auto made = std::make_shared<http::LiveDocument>(http::LiveDocument{.type = "details"});
    kept = made;
    events_.show(*made, rest::details_of(*this, *share));
    return made;
}

void Daemon::expect_shared(const std::string& name) {
    if (watcher_) watcher_->forget(name);
}

void Daemon::note_speeds() {
    SpeedHistory::Sample sum;
    for (const auto& [id, share] : library_->shares()) {
        const SpeedHistory::Sample now = share->note_speed();
        sum.down += now.down;
        sum.up += now.up;
    }
    speeds_.add(sum);
}

void Daemon::tell_details() {
    std::erase_if(details_, [](const auto& entry) { return entry.second.expired(); });
    for (const auto& [id, kept] : details_) {
        const auto document = kept.lock();
        const auto share = library_->find(id);
        if (share) events_.show(*document, rest::details_of(*this, *share));
    }
    if (details_.empty()) return;
    boost::asio::co_spawn(session_->executor(), refresh_members(members_, membership_->client()),
                          boost::asio::detached);
}

void Daemon::on_group_event(std::string_view type, boost::json::value data) {
    if (type == "peer_joined" || type == "peer_left" || type == "reset") members_->outdate();
    events_.publish("group", {{"type", type}, {"data", std::move(data)}});
}

/// Items that the catalogue has or has not any more are other than they were.
void Daemon::note_listed() {
    std::set<std::int64_t> listed;
    for (const auto& [id, share] : library_->shares()) {
        const Item& item = share->item();
        if (membership_->is_listed(item) || membership_->refusal(item)) listed.insert(id);
    }
    std::ranges::set_symmetric_difference(listed, listed_, std::inserter(changed_, changed_.end()));
    listed_ = std::move(listed);
}

/// Tells all that has changed in one go, once what is being done now is done.
void Daemon::tell_changes() {
    if (std::exchange(telling_, true) || stopping_) return;
    boost::asio::post(session_->executor(), [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->telling_ = false;
        for (const auto id : std::exchange(self->changed_, {})) {
            if (const auto share = self->library_->find(id)) {
                self->events_.publish("item", rest::to_json(*self, *share));
            } else {
                self->events_.publish("removed", {{"id", id}});
            }
        }
        if (std::exchange(self->group_changed_, false)) {
            self->events_.publish("status", rest::status_of(*self));
        }
    });
}

}  // namespace shoal::node
