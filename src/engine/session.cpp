#include "engine/session.h"

#include <algorithm>
#include <array>

#include "base/random.h"
#include "engine/transfer.h"

namespace shoal::engine {
namespace {

constexpr Duration tick_period = 100ms;
/// Connections that have not said yet what they want. One more, and the oldest has to go.
constexpr std::size_t most_strangers = 128;

wire::PeerId fresh_peer_id() {
    std::array<std::byte, 12> random{};
    secure_random(random);
    return wire::make_peer_id(random);
}

}  // namespace

Session::Session(boost::asio::io_context& context, SessionOptions options)
    : context_(context),
      options_(std::move(options)),
      peer_id_(fresh_peer_id()),
      limiters_{{context.get_executor(), options_.max_down},
                {context.get_executor(), options_.max_up}},
      files_(disk::native_file_system()),
      handles_(std::make_shared<disk::HandleCache>()),
      // Buffers come in powers of two, so a piece may take up to twice its size.
      buffers_(disk::BufferPool::create(static_cast<std::size_t>(2 * budget_.limit))),
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
    auto listener = net::Listener::open(context.get_executor(), session->options_.listen);
    if (!listener) return std::unexpected(listener.error());
    session->listener_ = std::move(*listener);
    session->listener_->start(
        [s = session.get()](std::unique_ptr<net::Stream> stream) { s->accept(std::move(stream)); });
    session->tick();
    return session;
}

void Session::add(const InfoHash& info_hash, Transfer& transfer) {
    transfers_[info_hash] = &transfer;
}

void Session::remove(Transfer& transfer) {
    std::erase_if(transfers_, [&](const auto& entry) { return entry.second == &transfer; });
}

void Session::accept(std::unique_ptr<net::Stream> stream) {
    if (!options_.admission) return welcome(std::move(stream));
    const net::Address caller = net::normalised(stream->remote()).address();
    // A function object that can be copied must own the stream by a pointer that can.
    auto waiting = std::make_shared<std::unique_ptr<net::Stream>>(std::move(stream));
    options_.admission->ask(caller, [this, alive = std::weak_ptr(alive_), waiting](bool admitted) {
        if (admitted && !alive.expired()) welcome(std::move(*waiting));
    });
}

void Session::welcome(std::unique_ptr<net::Stream> stream) {
    if (strangers_.size() >= most_strangers) {
        // Whoever has something to say has said it by now.
        const auto oldest = strangers_.front();
        oldest->close("silent, and others want in");
    }
    const auto peer = std::make_shared<PeerConnection>(std::move(stream), true, limiters_);
    strangers_.push_back(peer);
    peer->start(*this);
}

void Session::on_handshake(PeerConnection& peer, const wire::Handshake& handshake) {
    const auto self = peer.shared_from_this();
    const auto found = transfers_.find(handshake.info_hash);
    if (found == transfers_.end()) return peer.close("asks for a torrent that is not here");
    std::erase(strangers_, self);
    found->second->adopt(self, handshake);
}

void Session::on_closed(PeerConnection& peer, const std::string&) {
    std::erase(strangers_, peer.shared_from_this());
}

void Session::tick() {
    const TimePoint now = Clock::now();
    // Both lists may change while their members act.
    const auto strangers = strangers_;
    for (const auto& peer : strangers) peer->check_time(now);
    std::set<Transfer*> transfers;
    for (const auto& [hash, transfer] : transfers_) transfers.insert(transfer);
    for (Transfer* transfer : transfers) transfer->tick(now);
    timer_.expires_after(tick_period);
    // A wait that was over when the session ended comes here without an error.
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code error) {
        if (!error && !alive.expired()) tick();
    });
}

}  // namespace shoal::engine
