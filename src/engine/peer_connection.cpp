#include "engine/peer_connection.h"

#include <algorithm>
#include <array>

#include "wire/encoder.h"

namespace shoal::engine {
namespace {

constexpr Duration handshake_patience = 15s;
constexpr Duration silence_patience = 180s;
constexpr Duration keep_alive_period = 100s;
/// Bytes taken from one connection before the others get their turn.
constexpr std::size_t turn_bytes = 2 << 20;
constexpr std::size_t largest_read = 1 << 20;

}  // namespace

PeerConnection::PeerConnection(std::unique_ptr<net::Stream> stream, bool incoming,
                               Limiters& limiters)
    : listens_at(stream->remote()),
      stream_(std::move(stream)),
      limiters_(limiters),
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
        const net::Transfer transfer = stream_->read(decoder_.prepare(), allowed);
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
    if (closed_ || bytes.empty()) return;
    if (parts_.empty() || parts_.back().is_file) parts_.emplace_back();
    ByteVector& tail = parts_.back().bytes;
    tail.insert(tail.end(), bytes.begin(), bytes.end());
    queued_ += bytes.size();
}

void PeerConnection::send(ByteVector& bytes) {
    send(Bytes(bytes));
    bytes.clear();
}

void PeerConnection::send_block(Bytes header, std::vector<disk::Extent> parts) {
    if (closed_) return;
    send(header);
    for (auto& part : parts) {
        if (part.file == nullptr) {
            const ByteVector zeros(static_cast<std::size_t>(part.length));
            send(Bytes(zeros));
            continue;
        }
        queued_ += static_cast<std::size_t>(part.length);
        parts_.push_back({.extent = std::move(part), .is_file = true});
    }
}

void PeerConnection::flush() {
    if (closed_ || waiting_writable_ || writing_) return;
    const auto self = shared_from_this();
    writing_ = true;
    if (parts_.size() > 1) hold_back(true);
    bool more = true;
    while (more && !closed_) {
        more = !parts_.empty() && write_once();
        if (!closed_ && parts_.empty()) {
            handler_->on_room(*this);
            more = !parts_.empty();
        }
    }
    writing_ = false;
    if (!closed_ && parts_.empty()) hold_back(false);
}

void PeerConnection::hold_back(bool on) {
    if (std::exchange(held_back_, on) != on) stream_->hold_back(on);
}

bool PeerConnection::write_once() {
    Part& part = parts_.front();
    const std::size_t wanted =
        part.is_file ? static_cast<std::size_t>(part.extent.length) : part.bytes.size() - part.done;
    const std::size_t allowed = allowance(&Limiters::up, wanted);
    if (allowed == 0) {
        waiting_writable_ = true;
        // What the limit let through must not wait for the rest.
        hold_back(false);
        wait_for_allowance(&Limiters::up, [self = shared_from_this()] {
            self->waiting_writable_ = false;
            self->flush();
        });
        return false;
    }
    net::Transfer transfer;
    if (part.is_file) {
        transfer = stream_->send_file(part.extent.file->descriptor(), part.extent.offset, allowed);
    } else {
        const Bytes rest = Bytes(part.bytes).subspan(part.done);
        transfer = stream_->write(std::span(&rest, 1), allowed);
    }
    if (transfer.status == net::TransferStatus::would_block) {
        waiting_writable_ = true;
        stream_->wait_writable([self = shared_from_this()] {
            self->waiting_writable_ = false;
            self->flush();
        });
        return false;
    }
    if (transfer.status != net::TransferStatus::done) {
        close(transfer.status == net::TransferStatus::source_cut
                  ? "a shared file has become shorter"
                  : transfer.error.message());
        return false;
    }
    spend(&Limiters::up, transfer.bytes);
    last_output_ = Clock::now();
    queued_ -= transfer.bytes;
    const bool was_file = part.is_file;
    if (was_file) {
        part.extent.offset += static_cast<ByteCount>(transfer.bytes);
        part.extent.length -= static_cast<ByteCount>(transfer.bytes);
        if (part.extent.length == 0) parts_.pop_front();
    } else {
        part.done += transfer.bytes;
        if (part.done == part.bytes.size()) parts_.pop_front();
    }
    if (was_file) handler_->on_sent(*this, transfer.bytes);
    if (!closed_) handler_->on_room(*this);
    return !closed_;
}

void PeerConnection::close(const std::string& reason) {
    if (std::exchange(closed_, true)) return;
    const auto self = shared_from_this();
    stream_->close();
    parts_.clear();
    queued_ = 0;
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
