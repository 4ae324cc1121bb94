#include "engine/peer_connection.h"

#include <algorithm>
#include <array>
#include <bit>

#include "wire/encoder.h"

namespace shoal::engine {
namespace {

constexpr Duration handshake_patience = 15s;
constexpr Duration silence_patience = 180s;
constexpr Duration keep_alive_period = 100s;
/// Bytes taken from one connection before the others get their turn.
constexpr std::size_t turn_bytes = 2 << 20;
constexpr std::size_t largest_read = 1 << 20;
/// Bytes of one write. Many blocks together cost a fraction of what they cost one by one; more
/// would leave the processor's cache before they are sent.
constexpr std::size_t smallest_write = 64 << 10;
constexpr std::size_t largest_write = 256 << 10;
/// What the system may hold unsent of one connection: so much of what the line takes.
constexpr double queue_seconds = 0.05;
constexpr std::size_t least_unsent = 16 << 10;
constexpr std::size_t most_unsent = 8 << 20;

}  // namespace

PeerConnection::PeerConnection(std::unique_ptr<net::Stream> stream, bool incoming,
                               Limiters& limiters)
    : listens_at(stream->remote()),
      stream_(std::move(stream)),
      limiters_(limiters),
      portion_(largest_write),
      started_(Clock::now()),
      last_input_(started_),
      last_output_(started_),
      incoming_(incoming) {}

void PeerConnection::start(PeerHandler& handler) {
    handler_ = &handler;
    wait_readable();
}

void PeerConnection::wait_readable() {
    if (waiting_readable_ || closed_) return;
    waiting_readable_ = true;
    stream_->wait_readable([self = shared_from_this()] {
        self->waiting_readable_ = false;
        self->read_some();
    });
}

void PeerConnection::resume_input() {
    if (!waiting_readable_ && !reading_) wait_readable();
}

std::size_t PeerConnection::allowance(Direction direction, std::size_t wanted) {
    const std::size_t allowed = (limiters_.*direction).allowance(wanted);
    return own_limiters_ ? ((*own_limiters_).*direction).allowance(allowed) : allowed;
}

void PeerConnection::spend(Direction direction, std::size_t bytes) {
    (limiters_.*direction).spend(bytes);
    if (own_limiters_) ((*own_limiters_).*direction).spend(bytes);
}

void PeerConnection::wait_for_allowance(Direction direction, std::function<void()> ready) {
    const bool by_own = own_limiters_ && ((*own_limiters_).*direction).allowance(1) == 0;
    net::RateLimiter& limiter = by_own ? (*own_limiters_).*direction : limiters_.*direction;
    limiter.wait(weak_from_this(), std::move(ready));
}

void PeerConnection::read_some() {
    if (closed_ || reading_) return;
    const auto self = shared_from_this();
    reading_ = true;
    std::size_t taken = 0;
    bool more = true;
    bool wait = true;
    while (more && !closed_) {
        if (greeted && !handler_->wants_input(*this)) {
            wait = false;  // resume_input() goes on
            break;
        }
        const std::size_t allowed = allowance(&Limiters::down, largest_read);
        if (allowed == 0) {
            wait_for_allowance(&Limiters::down, [self] { self->read_some(); });
            wait = false;
            break;
        }
        const net::Transfer transfer = read_once(allowed);
        if (transfer.status == net::TransferStatus::would_block) break;
        if (transfer.status != net::TransferStatus::done) {
            const bool orderly = transfer.status == net::TransferStatus::closed;
            close(orderly ? "the peer hung up" : transfer.error.message());
            break;
        }
        spend(&Limiters::down, transfer.bytes);
        decoder_.commit(transfer.bytes);
        last_input_ = Clock::now();
        taken += transfer.bytes;
        handle_events();
        more = taken < turn_bytes;
    }
    reading_ = false;
    PeerHandler* const handler = handler_;
    if (handler != nullptr) handler->on_input_done();
    if (wait) wait_readable();
}

net::Transfer PeerConnection::read_once(std::size_t allowed) {
    expected_.clear();
    if (decoder_.can_expect()) handler_->expect_blocks(*this, expected_);
    return stream_->read(decoder_.prepare(expected_), allowed);
}

void PeerConnection::handle_events() {
    while (!closed_) {
        auto event = decoder_.poll();
        if (!event) {
            return close(event.error().message);
        }
        if (!*event) return;
        if (const auto* handshake = std::get_if<wire::Handshake>(&**event)) {
            handler_->on_handshake(*this, *handshake);
        } else if (const auto* message = std::get_if<wire::Message>(&**event)) {
            handler_->on_message(*this, *message);
        } else if (const auto* start = std::get_if<wire::BlockStart>(&**event)) {
            decoder_.accept_block(handler_->on_block_start(*this, start->range));
        } else if (const auto* end = std::get_if<wire::BlockEnd>(&**event)) {
            handler_->on_block_end(*this, end->range, end->accepted);
        }
    }
}

void PeerConnection::send(Bytes bytes) {
    if (!closed_) queue_.add(bytes);
}

void PeerConnection::send(ByteVector& bytes) {
    send(Bytes(bytes));
    bytes.clear();
}

void PeerConnection::send_blocks(std::span<const BlockRange> blocks,
                                 std::vector<disk::Extent> runs) {
    if (!closed_) queue_.add_blocks(blocks, std::move(runs));
}

void PeerConnection::fit_queue(double rate) {
    const auto wanted = static_cast<std::size_t>(rate * queue_seconds);
    const std::size_t limit = std::bit_ceil(std::clamp(wanted, least_unsent, most_unsent));
    if (std::exchange(unsent_limit_, limit) != limit) stream_->limit_unsent(limit);
}

void PeerConnection::flush() {
    if (closed_ || waiting_writable_ || writing_) return;
    const auto self = shared_from_this();
    writing_ = true;
    bool more = true;
    while (more && !closed_) {
        more = queued() > 0 && write_once();
        if (!closed_ && queued() == 0) {
            handler_->on_room(*this);
            more = queued() > 0;
        }
    }
    writing_ = false;
}

bool PeerConnection::write_once() {
    const std::size_t allowed = allowance(&Limiters::up, std::min(queued(), portion_));
    if (allowed == 0) {
        wait_for_output_allowance();
        return false;
    }
    // One for all connections of the thread: what a line did not take is copied again later.
    thread_local ByteVector memory(largest_write);
    const auto filled = queue_.fill(MutableBytes(memory).first(allowed));
    if (!filled) {
        close(filled.error().message);
        return false;
    }
    const Bytes next = Bytes(memory).first(*filled);
    const net::Transfer transfer = stream_->write(std::span(&next, 1), next.size());
    if (transfer.status == net::TransferStatus::would_block) {
        wait_writable();
        return false;
    }
    if (transfer.status != net::TransferStatus::done) {
        close(transfer.error.message());
        return false;
    }
    const bool took_all = transfer.bytes == next.size();
    portion_ = std::clamp(took_all ? 2 * portion_ : std::bit_ceil(transfer.bytes), smallest_write,
                          largest_write);
    spend(&Limiters::up, transfer.bytes);
    last_output_ = Clock::now();
    if (const std::size_t data = queue_.pop(transfer.bytes); data > 0) {
        handler_->on_sent(*this, data);
    }
    if (!closed_) handler_->on_room(*this);
    if (!closed_ && !took_all) wait_writable();
    return !closed_ && took_all;
}

void PeerConnection::wait_for_output_allowance() {
    waiting_writable_ = true;
    wait_for_allowance(&Limiters::up, [self = shared_from_this()] {
        self->waiting_writable_ = false;
        self->flush();
    });
}

void PeerConnection::wait_writable() {
    waiting_writable_ = true;
    stream_->wait_writable([self = shared_from_this()] {
        self->waiting_writable_ = false;
        self->flush();
    });
}

void PeerConnection::close(const std::string& reason) {
    if (std::exchange(closed_, true)) return;
    const auto self = shared_from_this();
    stream_->close();
    queue_.clear();
    if (handler_ != nullptr) handler_->on_closed(*this, reason);
}

void PeerConnection::check_time(TimePoint now) {
    if (!greeted && now - started_ > handshake_patience) return close("no handshake");
    if (now - last_input_ > silence_patience) return close("silent for too long");
    if (greeted && now - last_output_ > keep_alive_period) {
        ByteVector keep_alive;
        wire::encode(wire::KeepAlive{}, keep_alive);
        send(keep_alive);
        flush();
    }
}

}  // namespace shoal::engine
