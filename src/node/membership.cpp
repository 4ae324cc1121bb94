#include "node/membership.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>
#include <spdlog/spdlog.h>

#include "base/text.h"
#include "discovery/tracker_url.h"

namespace shoal::node {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;

constexpr Duration first_retry = 1s;
constexpr Duration longest_retry = 15s;
/// Between two looks at what there is to tell, unless something happens.
constexpr Duration look_period = 1s;
/// At most one report in this time.
constexpr Duration report_period = 1s;
constexpr Duration farewell_patience = 2s;
/// What the tracker refused is offered again after this: its reason may be gone.
constexpr Duration refusal_period = 5min;
constexpr std::chrono::seconds longest_interval = 24h;

/// What changes in the shared folder is published anew by then, and takes the place of what it was.
constexpr Duration renewal_patience = 10s;

/// Whether its place in the catalogue is lost, if it had one.
bool is_gone(const Share& share) {
    if (share.state() == ShareState::changed) {
        return !share.item().watched || Clock::now() - share.state_since() > renewal_patience;
    }
    return share.state() == ShareState::missing || share.state() == ShareState::failed ||
           share.item().intent == Intent::stopped;
}

/// Whether the catalogue is to have it.
bool is_to_be_listed(const Share& share) {
    const Item& item = share.item();
    return item.of_group() && item.complete && item.unwanted.empty() && item.info_hash &&
           !is_gone(share);
}

awaitable<void> ask_about(std::shared_ptr<GroupClient> client, net::Address address,
                          std::function<void(Result<bool>)> answer) {
    const auto known = co_await client->knows(std::move(address));
    answer(known);
}

awaitable<void> say_goodbye(std::shared_ptr<GroupClient> client, std::int64_t peer,
                            std::function<void()> done) {
    const auto told = co_await client->leave(peer);
    if (!told) spdlog::debug("the tracker was not told: {}", told.error().message);
    done();
}

/// Whether a new version of it is being made, which will take the old one's place.
bool is_being_renewed(const Share& share) {
    return share.item().kind == Kind::published && !share.item().info_hash && !is_gone(share);
}

}  // namespace

Membership::Membership(engine::Session& session, const Home& home, Library& library,
                       std::shared_ptr<GroupAdmission> admission, std::function<void()> on_change)
    : session_(session),
      home_(home),
      library_(library),
      admission_(std::move(admission)),
      on_change_(std::move(on_change)),
      timer_(session.executor()) {}

void Membership::set_status(bool connected, std::string message) {
    if (status_.connected == connected && status_.message == message) return;
    status_.connected = connected;
    status_.message = std::move(message);
    on_change_();
}

void Membership::join(const Account& account) {
    end_run();
    client_ = std::make_shared<GroupClient>(account, session_.options().from);
    status_ = {
        .tracker = account.tracker, .user = account.user.value_or(""), .message = "connecting"};
    connecting_ = true;
    peer_ = 0;
    listed_.clear();
    refused_.clear();
    if (const auto url = discovery::parse_tracker_url(account.tracker + "/announce")) {
        net::KeyPins pins;
        pins.set(url->host, url->port, account.fingerprint);
        session_.set_pins(std::move(pins));
    }
    open_wall();
    library_.set_group(std::nullopt, "waits for the tracker");
    on_change_();
    cancel_ = std::make_shared<boost::asio::cancellation_signal>();
    // The signal must live as long as what it cancels.
    boost::asio::co_spawn(session_.executor(), run(),
                          boost::asio::bind_cancellation_slot(
                              cancel_->slot(), [kept = cancel_](const std::exception_ptr&) {}));
}

void Membership::end_run() {
    ++run_;
    connecting_ = false;
    timer_.cancel();
    if (const auto cancel = std::exchange(cancel_, nullptr)) {
        // Not from within the coroutine, which may be what has led here.
        boost::asio::post(session_.executor(),
                          [cancel] { cancel->emit(boost::asio::cancellation_type::terminal); });
    }
}

/// Callers are let in as the tracker says.
void Membership::open_wall() {
    admission_->set_group(
        [client = client_, executor = session_.executor()](
            const net::Address& address, std::function<void(Result<bool>)> answer) {
            boost::asio::co_spawn(executor, ask_about(client, address, std::move(answer)),
                                  boost::asio::detached);
        });
}

void Membership::leave(std::function<void()> done) {
    end_run();
    const auto client = std::move(client_);
    const auto peer = peer_;
    const bool connected = status_.connected;
    status_ = {};
    listed_.clear();
    refused_.clear();
    admission_->set_group({});
    library_.set_group(std::nullopt, "waits until somebody logs in");
    on_change_();
    if (!client || !connected) {
        boost::asio::post(session_.executor(), std::move(done));
        return;
    }
    // Whichever comes first: the tracker's answer or the end of patience.
    const auto once = std::make_shared<std::function<void()>>(std::move(done));
    const auto finish = [once] {
        if (const auto call = std::exchange(*once, nullptr)) call();
    };
    const auto timer =
        std::make_shared<boost::asio::steady_timer>(session_.executor(), farewell_patience);
    timer->async_wait([timer, finish](const boost::system::error_code&) { finish(); });
    const auto told = [timer, finish] {
        timer->cancel();
        finish();
    };
    boost::asio::co_spawn(session_.executor(), say_goodbye(client, peer, told),
                          boost::asio::detached);
}

void Membership::nudge() {
    nudged_ = true;
    timer_.cancel();
}

void Membership::moved() {
    registered_ = {};
    nudge();
}

awaitable<void> Membership::sleep(Duration duration) {
    if (std::exchange(nudged_, false)) co_return;
    timer_.expires_after(duration);
    co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    nudged_ = false;
}

awaitable<void> Membership::run() {
    const auto self = shared_from_this();
    const auto run = run_;
    Duration retry = first_retry;
    while (!is_over(run)) {
        const auto connected = co_await connect();
        if (is_over(run)) co_return;
        connecting_ = false;
        Error error;
        if (connected) {
            retry = first_retry;
            set_status(true, "");
            error = co_await keep();
            if (is_over(run)) co_return;
            // One call that was lost on the way does not mean that the tracker is gone: whether it
            // can be reached, the next attempt shows.
            if (error.code == ErrorCode::timeout) continue;
        } else {
            error = connected.error();
        }
        if (client_->lost_login()) {
            set_status(false, "the login is good no more: log in again");
            library_.set_group(std::nullopt, "waits until somebody logs in");
            co_return;
        }
        set_status(false, error.message);
        const TimePoint due = Clock::now() + retry;
        while (!is_over(run) && Clock::now() < due) co_await sleep(due - Clock::now());
        retry = std::min<Duration>(retry * 2, longest_retry);
    }
}

awaitable<Result<void>> Membership::connect() {
    const auto run = run_;
    const auto client = client_;
    const auto me = co_await client->me();
    if (!me) co_return std::unexpected(me.error());
    const auto registered = co_await client->register_peer(home_.daemon(), session_.port());
    if (!registered) co_return std::unexpected(registered.error());
    auto files = co_await client->files(fmt::format("peer={}", registered->id));
    if (!files) co_return std::unexpected(files.error());
    if (is_over(run)) co_return Result<void>();
    status_.user = me->user;
    peer_ = registered->id;
    registered_ = Clock::now();
    heartbeat_ = std::clamp(me->interval, 2s, longest_interval) / 2;
    listed_.clear();
    for (GroupFile& file : *files) {
        std::string name = file.name;
        listed_.insert_or_assign(std::move(name), std::move(file));
    }
    reports_.start_over();
    prepared_ = "[]";
    if (const auto url = discovery::parse_tracker_url(client->account().tracker)) {
        boost::system::error_code no_address;
        const auto address = boost::asio::ip::make_address(url->host, no_address);
        if (!no_address) admission_->trust(net::normalised(address));
    }
    library_.set_group(me->announce, "waits for the tracker");
    for (const auto& [name, file] : listed_) library_.set_known(file.info_hash);
    co_return Result<void>();
}

awaitable<Error> Membership::keep() {
    const auto run = run_;
    const auto client = client_;
    while (true) {
        if (Clock::now() - registered_ >= heartbeat_) {
            const auto again = co_await client->register_peer(home_.daemon(), session_.port());
            if (is_over(run)) co_return Error{};
            if (!again) co_return again.error();
            registered_ = Clock::now();
            if (again->id != peer_) {
                co_return Error{ErrorCode::failed, "the tracker has forgotten this peer"};
            }
        }
        const auto told = co_await tell();
        if (is_over(run)) co_return Error{};
        if (!told) co_return told.error();
        co_await sleep(look_period);
        if (is_over(run)) co_return Error{};
    }
}

awaitable<Result<void>> Membership::tell() {
    const auto run = run_;
    auto told = co_await tell_preparing();
    if (!told || is_over(run)) co_return told;
    told = co_await tell_files();
    if (!told || is_over(run)) co_return told;
    if (Clock::now() - reported_ >= report_period) told = co_await tell_pieces();
    co_return told;
}

bool Membership::is_listed(const Item& item) const {
    const auto found = listed_.find(item.name);
    return status_.connected && found != listed_.end() && item.info_hash &&
           found->second.info_hash == *item.info_hash;
}

const Error* Membership::refusal(const Item& item) const {
    const auto found = refused_.find(item.id);
    const bool same = found != refused_.end() && item.info_hash == found->second.info_hash;
    return same ? &found->second.why : nullptr;
}

awaitable<Result<void>> Membership::tell_files() {
    const auto run = run_;
    const auto unlisted = co_await unlist_others();
    if (is_over(run) || !unlisted) co_return unlisted;
    const TimePoint now = Clock::now();
    std::erase_if(refused_, [&](const auto& entry) {
        return entry.second.again <= now || !library_.find(entry.first);
    });
    const auto shares = library_.shares();
    for (const auto& [id, share] : shares) {
        if (!is_to_be_listed(*share) || is_listed(share->item()) || refusal(share->item())) {
            continue;
        }
        const auto done = co_await list(share);
        if (is_over(run) || !done) co_return done;
    }
    co_return Result<void>();
}

/// Takes out of the catalogue what is there of this peer, and is not to be.
awaitable<Result<void>> Membership::unlist_others() {
    const auto run = run_;
    const auto client = client_;
    std::set<std::string> wanted;
    for (const auto& [id, share] : library_.shares()) {
        if (is_to_be_listed(*share) || is_being_renewed(*share)) wanted.insert(share->item().name);
    }
    std::map<std::string, std::int64_t> others;
    for (const auto& [name, file] : listed_) {
        if (!wanted.contains(name)) others[name] = file.id;
    }
    for (const auto& [name, id] : others) {
        const auto gone = co_await client->unpublish(id);
        if (is_over(run) || !gone) co_return gone;
        listed_.erase(name);
        on_change_();
    }
    co_return Result<void>();
}

awaitable<Result<void>> Membership::list(std::shared_ptr<Share> share) {
    const auto run = run_;
    const auto client = client_;
    // As they are now: the item may be renewed while the tracker thinks.
    const Item item = share->item();
    const auto info = share->info();
    const NewGroupFile file{.peer = peer_,
                            .name = item.name,
                            .path = home_.shown(item.path),
                            .info_hash = *item.info_hash,
                            .replace = listed_.contains(item.name)};
    auto published = co_await client->publish(file);
    if (!published && published.error().code == ErrorCode::not_found) {
        // The tracker does not have the torrent yet.
        const auto uploaded = co_await client->upload(info);
        if (uploaded) {
            published = co_await client->publish(file);
        } else {
            published = std::unexpected(uploaded.error());
        }
    }
    if (is_over(run)) co_return Result<void>();
    if (published) {
        listed_.insert_or_assign(item.name, std::move(*published));
        library_.set_known(*item.info_hash);
        refused_.erase(item.id);
        on_change_();
        co_return Result<void>();
    }
    const ErrorCode code = published.error().code;
    const bool final = code == ErrorCode::usage || code == ErrorCode::refused ||
                       code == ErrorCode::unsupported || code == ErrorCode::bad_data;
    if (!final || client->lost_login()) co_return std::unexpected(published.error());
    refused_[item.id] = {*item.info_hash, published.error(), Clock::now() + refusal_period};
    spdlog::warn("the tracker does not list {}: {}", printable(item.name),
                 published.error().message);
    on_change_();
    co_return Result<void>();
}

awaitable<Result<void>> Membership::tell_preparing() {
    json::array items;
    for (const auto& [id, share] : library_.shares()) {
        if (share->state() != ShareState::hashing || !share->item().of_group()) continue;
        const ShareStatus status = share->status();
        if (status.size == 0) continue;
        items.push_back({{"name", share->item().name},
                         {"path", home_.shown(share->item().path)},
                         {"size", status.size},
                         {"pieces", status.pieces}});
        if (items.size() == 1000) break;
    }
    std::string list = json::serialize(items);
    if (list == prepared_) co_return Result<void>();
    const auto run = run_;
    const auto told = co_await client_->prepare(peer_, std::move(items));
    if (!is_over(run) && told) prepared_ = std::move(list);
    co_return told;
}

awaitable<Result<void>> Membership::tell_pieces() {
    auto report = reports_.next(library_.holdings());
    if (!report) co_return Result<void>();
    const auto run = run_;
    reported_ = Clock::now();
    const auto taken = co_await client_->report(peer_, std::move(*report));
    if (is_over(run)) co_return Result<void>();
    if (!taken) co_return std::unexpected(taken.error());
    if (*taken) {
        reports_.accepted();
    } else {
        // Another run of the tracker: it has to learn again who is here.
        reports_.start_over();
        registered_ = {};
        prepared_ = "[]";
    }
    co_return Result<void>();
}

}  // namespace shoal::node
