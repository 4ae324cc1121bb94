#include "tracker/peer_probe.h"

#include <boost/asio/steady_timer.hpp>

#include "net/tcp_stream.h"
#include "wire/decoder.h"

namespace shoal::tracker {
namespace {

/// How long a peer may take to tell what it has, once it has greeted: one that has nothing may say
/// nothing. And how long it may add single pieces to what it has told.
constexpr Duration tell_time = 1500ms;
constexpr Duration add_time = 200ms;
/// Bytes that are taken from one peer. The longest bitfield is well below it.
constexpr std::size_t most_bytes = 4 << 20;

}  // namespace

class PeerProbe::Talk : public std::enable_shared_from_this<Talk> {
  public:
    Talk(const boost::asio::any_io_executor& executor, const ProbeQuestion& question,
         Handler handler)
        : question_(question),
          handler_(std::move(handler)),
          timer_(executor),
          began_(Clock::now()),
          deadline_(began_ + question.patience) {}

    void start() {
        connector_.emplace(timer_.get_executor(), question_.peer, question_.from,
                           question_.patience,
                           [weak = weak_from_this()](Result<std::unique_ptr<net::Stream>> stream) {
                               if (const auto self = weak.lock())
                                   self->on_connected(std::move(stream));
                           });
    }

    void cancel() {
        handler_ = nullptr;
        close();
    }

  private:
    void on_connected(Result<std::unique_ptr<net::Stream>> stream) {
        if (!stream) return finish(std::unexpected(stream.error()));
        answer_.round_trip = Clock::now() - began_;
        stream_ = std::move(*stream);
        wire::Handshake handshake{.fast = true};
        handshake.info_hash = question_.info_hash;
        handshake.peer_id = question_.our_id;
        const auto bytes = handshake.encode();
        const Bytes part = bytes;
        // So few bytes always fit into a connection that has just been made.
        stream_->write(std::span(&part, 1), part.size());
        wait_until(deadline_);
        listen();
    }

    void wait_until(TimePoint when) {
        timer_.expires_at(std::min(when, deadline_));
        timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
            const auto self = weak.lock();
            if (!error && self) self->finish(std::move(self->answer_));
        });
    }

    void listen() {
        stream_->wait_readable([weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->read();
        });
    }

    void read() {
        while (stream_) {
            const auto buffers = decoder_.prepare();
            const net::Transfer got = stream_->read(buffers, most_bytes);
            if (got.status == net::TransferStatus::would_block) return listen();
            if (got.status != net::TransferStatus::done) return finish(std::move(answer_));
            bytes_ += got.bytes;
            if (bytes_ > most_bytes) {
                return finish(fail(ErrorCode::bad_data, "the peer says too much"));
            }
            decoder_.commit(got.bytes);
            if (!take_events()) return;
        }
    }

    /// False once the talk has ended.
    bool take_events() {
        for (;;) {
            const auto event = decoder_.poll();
            if (!event) {
                finish(std::unexpected(event.error()));
                return false;
            }
            if (!*event) return true;
            if (const auto* handshake = std::get_if<wire::Handshake>(&**event)) {
                on_handshake(*handshake);
            } else if (const auto* message = std::get_if<wire::Message>(&**event)) {
                on_message(*message);
            } else if (std::holds_alternative<wire::BlockStart>(**event)) {
                decoder_.accept_block({});
            }
            if (!stream_) return false;
        }
    }

    void on_handshake(const wire::Handshake& handshake) {
        if (handshake.info_hash != question_.info_hash) {
            return finish(fail(ErrorCode::bad_data, "the peer answers for another torrent"));
        }
        answer_.id = handshake.peer_id;
        answer_.pieces.emplace(question_.piece_count);
        wait_until(Clock::now() + tell_time);
    }

    void on_message(const wire::Message& message) {
        if (const auto* bits = std::get_if<wire::BitfieldMessage>(&message)) {
            if (!answer_.pieces->assign(bits->bits)) {
                return finish(fail(ErrorCode::bad_data, "the peer's bitfield has a wrong size"));
            }
            return wait_until(Clock::now() + add_time);
        }
        if (const auto* have = std::get_if<wire::Have>(&message)) {
            if (have->piece.value() < question_.piece_count) answer_.pieces->set(have->piece);
            return;
        }
        if (std::holds_alternative<wire::HaveNone>(message)) {
            return wait_until(Clock::now() + add_time);
        }
        if (std::holds_alternative<wire::HaveAll>(message)) {
            answer_.pieces->fill(true);
            finish(std::move(answer_));
        }
    }

    void finish(Result<ProbeAnswer> answer) {
        // The handler may let go of the last owner of this.
        const auto self = shared_from_this();
        close();
        if (handler_) std::exchange(handler_, nullptr)(std::move(answer));
    }

    void close() {
        timer_.cancel();
        if (stream_) stream_->close();
        stream_.reset();
    }

    ProbeQuestion question_;
    Handler handler_;
    boost::asio::steady_timer timer_;
    TimePoint began_;
    TimePoint deadline_;
    std::optional<net::TcpConnector> connector_;
    std::unique_ptr<net::Stream> stream_;
    wire::Decoder decoder_;
    ProbeAnswer answer_;
    std::size_t bytes_ = 0;
};

PeerProbe::PeerProbe(const boost::asio::any_io_executor& executor, const ProbeQuestion& question,
                     Handler handler)
    : talk_(std::make_shared<Talk>(executor, question, std::move(handler))) {
    talk_->start();
}

PeerProbe::~PeerProbe() {
    talk_->cancel();
}

}  // namespace shoal::tracker
