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
/// What the system may hold unsent of one connection: so much of what the line takes.
constexpr double queue_seconds = 0.05;
constexpr std::size_t least_unsent = 64 << 10;
constexpr std::size_t most_unsent = 8 << 20;

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
    if (closed_) return;
    messages_.insert(messages_.end(), bytes.begin(), bytes.end());
    queued_ += bytes.size();
}

void PeerConnection::send(ByteVector& bytes) {
    send(Bytes(bytes));
    bytes.clear();
}

void PeerConnection::send_block(Bytes header, std::vector<disk::Extent> parts) {
    if (closed_) return;
    parts_.push_back({.bytes = {header.begin(), header.end()}, .is_header = true});
    queued_ += header.size();
    for (auto& part : parts) {
        const auto length = static_cast<std::size_t>(part.length);
        queued_ += length;
        if (part.file == nullptr) {
            parts_.push_back({.bytes = ByteVector(length)});  // padding
        } else {
            parts_.push_back({.extent = std::move(part), .is_file = true});
        }
    }
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
    if (!parts_.empty()) hold_back(true);
    bool more = true;
    while (more && !closed_) {
        more = !all_written() && write_once();
        if (!closed_ && all_written()) {
            handler_->on_room(*this);
            more = !all_written();
        }
    }
    writing_ = false;
    if (!closed_ && all_written()) hold_back(false);
}

void PeerConnection::hold_back(bool on) {
    if (std::exchange(held_back_, on) != on) stream_->hold_back(on);
}

bool PeerConnection::messages_first() const {
    if (messages_.empty()) return false;
    const bool inside_a_block =
        !parts_.empty() && !(parts_.front().is_header && parts_.front().done == 0);
    return messages_done_ > 0 || !inside_a_block;
}

bool PeerConnection::write_once() {
    const bool messages = messages_first();
    const bool is_file = !messages && parts_.front().is_file;
    const std::size_t wanted = messages  ? messages_.size() - messages_done_
                               : is_file ? static_cast<std::size_t>(parts_.front().extent.length)
                                         : parts_.front().bytes.size() - parts_.front().done;
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
    const net::Transfer transfer = messages ? write_messages(allowed) : write_part(allowed);
    if (transfer.status != net::TransferStatus::done) return pause_output(transfer);
    spend(&Limiters::up, transfer.bytes);
    last_output_ = Clock::now();
    queued_ -= transfer.bytes;
    if (is_file) handler_->on_sent(*this, transfer.bytes);
    if (!closed_) handler_->on_room(*this);
    return !closed_;
}

net::Transfer PeerConnection::write_messages(std::size_t allowed) {
    const Bytes rest = Bytes(messages_).subspan(messages_done_);
    const net::Transfer transfer = stream_->write(std::span(&rest, 1), allowed);
    messages_done_ += transfer.bytes;
    if (messages_done_ == messages_.size()) {
        messages_.clear();
        messages_done_ = 0;
    }
    return transfer;
}

net::Transfer PeerConnection::write_part(std::size_t allowed) {
    Part& part = parts_.front();
    net::Transfer transfer;
    bool whole = false;
    if (part.is_file) {
        disk::Extent& run = part.extent;
        transfer = stream_->send_file(run.file->descriptor(), run.offset, allowed);
        run.offset += static_cast<ByteCount>(transfer.bytes);
        run.length -= static_cast<ByteCount>(transfer.bytes);
        whole = run.length == 0;
    } else {
        const Bytes rest = Bytes(part.bytes).subspan(part.done);
        transfer = stream_->write(std::span(&rest, 1), allowed);
        part.done += transfer.bytes;
        whole = part.done == part.bytes.size();
    }
    if (whole) parts_.pop_front();
    return transfer;
}

bool PeerConnection::pause_output(const net::Transfer& transfer) {
    if (transfer.status != net::TransferStatus::would_block) {
        close(transfer.status == net::TransferStatus::source_cut
                  ? "a shared file has become shorter"
                  : transfer.error.message());
        return false;
    }
    waiting_writable_ = true;
    stream_->wait_writable([self = shared_from_this()] {
        self->waiting_writable_ = false;
        self->flush();
    });
    return false;
}

void PeerConnection::close(const std::string& reason) {
    if (std::exchange(closed_, true)) return;
    const auto self = shared_from_this();
    stream_->close();
    messages_.clear();
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
