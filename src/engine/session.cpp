#include "engine/session.h"

#include <algorithm>
#include <array>

#include "base/memory.h"
#include "base/random.h"
#include "engine/transfer.h"

namespace shoal::engine {
namespace {

constexpr Duration tick_period = 100ms;
/// How often transfers that have nothing to do get a tick, and the memory is looked at.
constexpr Duration round_period = 1s;
constexpr ByteCount least_memory = 16 << 20;
constexpr ByteCount usual_memory = 64 << 20;
constexpr ByteCount most_memory = 128 << 20;
/// The part of what is free that may be taken.
constexpr ByteCount memory_share = 8;
/// Connections that have not said yet what they want. One more, and the oldest has to go.
constexpr std::size_t most_strangers = 128;

wire::PeerId fresh_peer_id() {
    std::array<std::byte, 12> random{};
    secure_random(random);
    return wire::make_peer_id(random);
}

}  // namespace

ByteCount memory_for_pieces(std::optional<ByteCount> available) {
    if (!available) return usual_memory;
    return std::clamp(*available / memory_share, least_memory, most_memory);
}

Session::Session(boost::asio::io_context& context, SessionOptions options)
    : context_(context),
      options_(std::move(options)),
      peer_id_(fresh_peer_id()),
      limiters_{{context.get_executor(), options_.max_down},
                {context.get_executor(), options_.max_up}},
      files_(disk::native_file_system()),
      handles_(std::make_shared<disk::HandleCache>()),
      // Buffers come in powers of two, so a piece may take up to twice its size.
      buffers_(disk::BufferPool::create(
          static_cast<std::size_t>(2 * (options_.memory > 0 ? options_.memory : most_memory)))),
      disk_(context.get_executor()),
      timer_(context) {}

Session::~Session() {
    while (!strangers_.empty()) {
        const auto peer = strangers_.front();
        peer->close("the session ends");
    }
}

Result<std::unique_ptr<Session>> Session::open(boost::asio::io_context& context,
                                               SessionOptions options) {
    std::unique_ptr<Session> session(new Session(context, std::move(options)));
    if (auto listening = session->listen(session->options_.listen); !listening) {
        return std::unexpected(listening.error());
    }
    session->fit_memory();
    session->tick();
    return session;
}

Result<void> Session::listen(const std::vector<net::TcpEndpoint>& endpoints) {
    auto listener = net::Listener::open(context_.get_executor(), endpoints);
    if (!listener) return std::unexpected(listener.error());
    listener_ = std::move(*listener);
    listener_->start([this](std::unique_ptr<net::Stream> stream) { accept(std::move(stream)); });
    return {};
}

Result<void> Session::move_to(std::vector<net::TcpEndpoint> endpoints,
                              std::optional<net::Address> from) {
    if (auto listening = listen(endpoints); !listening) return listening;
    options_.listen = std::move(endpoints);
    options_.from = std::move(from);
    return {};
}

void Session::set_limits(ByteCount max_down, ByteCount max_up) {
    options_.max_down = max_down;
    options_.max_up = max_up;
    limiters_.down.set_rate(max_down);
    limiters_.up.set_rate(max_up);
}

void Session::add(const InfoHash& info_hash, Transfer& transfer) {
    transfers_[info_hash] = &transfer;
    wake(transfer);
}

void Session::remove(Transfer& transfer) {
    std::erase_if(transfers_, [&](const auto& entry) { return entry.second == &transfer; });
    busy_.erase(&transfer);
}

void Session::accept(std::unique_ptr<net::Stream> stream) {
    if (!options_.admission) return welcome(std::move(stream), false);
    const net::Address caller = net::normalised(stream->remote()).address();
    // A function object that can be copied must own the stream by a pointer that can.
    auto waiting = std::make_shared<std::unique_ptr<net::Stream>>(std::move(stream));
    options_.admission->ask(caller, [this, alive = std::weak_ptr(alive_), waiting](bool admitted) {
        if (!alive.expired()) welcome(std::move(*waiting), admitted);
    });
}

void Session::welcome(std::unique_ptr<net::Stream> stream, bool admitted) {
    if (strangers_.size() >= most_strangers) {
        // Whoever has something to say has said it by now.
        const auto oldest = strangers_.front();
        oldest->close("silent, and others want in");
    }
    const auto peer = std::make_shared<PeerConnection>(std::move(stream), true, limiters_);
    peer->admitted = admitted;
    strangers_.push_back(peer);
    rouse();
    peer->start(*this);
}

void Session::on_handshake(PeerConnection& peer, const wire::Handshake& handshake) {
    const auto self = peer.shared_from_this();
    const auto found = transfers_.find(handshake.info_hash);
    // A stranger cannot tell a torrent that it may not have from one that is not here.
    if (found == transfers_.end() || (found->second->members_only() && !peer.admitted)) {
        return peer.close("asks for a torrent that is not here for it");
    }
    std::erase(strangers_, self);
    found->second->adopt(self, handshake);
}

void Session::on_closed(PeerConnection& peer, const std::string&) {
    std::erase(strangers_, peer.shared_from_this());
}

void Session::fit_memory() {
    budget_.limit = options_.memory > 0 ? options_.memory : memory_for_pieces(available_memory());
}

void Session::wake(Transfer& transfer) {
    busy_.insert(&transfer);
    rouse();
}

void Session::rouse() {
    if (!resting_) return;
    resting_ = false;
    wait(tick_period);
}

void Session::wait(Duration duration) {
    timer_.expires_after(duration);
    // A wait that was over when the session ended comes here without an error.
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code error) {
        if (!error && !alive.expired()) tick();
    });
}

void Session::tick() {
    resting_ = false;
    const TimePoint now = Clock::now();
    // Both lists may change while their members act.
    const auto strangers = strangers_;
    for (const auto& peer : strangers) peer->check_time(now);
    if (now >= next_round_) {
        next_round_ = now + round_period;
        if (!busy_.empty()) fit_memory();
        buffers_->trim();
        for (const auto& [hash, transfer] : transfers_) busy_.insert(transfer);
    }
    const auto busy = busy_;
    for (Transfer* transfer : busy) {
        if (busy_.contains(transfer)) transfer->tick(now);
    }
    std::erase_if(busy_, [](const Transfer* transfer) { return transfer->idle(); });
    // A process that wakes up ten times a second for nothing drains batteries.
    resting_ = busy_.empty() && strangers_.empty();
    wait(resting_ ? next_round_ - now : tick_period);
}

}  // namespace shoal::engine
