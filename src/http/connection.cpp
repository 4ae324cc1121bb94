#include "http/connection.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <cstring>

#include "http/answer.h"
#include "http/problem.h"

namespace shoal::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;

/// Answers to pipelined requests are sent when they come to this, before more are made.
constexpr std::size_t enough_output = 64 * 1024;
constexpr std::size_t first_buffer = 2 * 1024;
constexpr Duration drain_time = 2s;
constexpr std::size_t drain_bytes = 256 * 1024;
/// What a TLS connection begins with: a record of the handshake (RFC 8446, 5.1). No method does.
constexpr char tls_handshake_record = 0x16;

unsigned refusal_of(const boost::system::error_code& error, const RequestData& data) {
    if (data.target_too_long) return 414;
    if (data.no_room) return 503;
    if (error == beast_http::error::header_limit) return 431;
    if (error == beast_http::error::body_limit) return 413;
    if (error == beast_http::error::bad_version) return 505;
    return 400;
}

void trim(std::string& buffer) {
    buffer.clear();
    if (buffer.capacity() > kept_capacity) buffer.shrink_to_fit();
}

}  // namespace

Connection::Connection(std::shared_ptr<ConnectionOwner> owner, asio::ip::tcp::socket socket,
                       const net::TcpEndpoint& remote, std::uint64_t id)
    : owner_(std::move(owner)),
      transport_(std::move(socket)),
      remote_(remote),
      id_(id),
      in_(first_buffer) {
    next_request();
}

void Connection::start(Bytes read) {
    deadline_ = Clock::now() + owner_->limits().request_time;
    if (read.empty()) return this->read();
    in_.resize(std::max(in_.size(), read.size()));
    std::memcpy(in_.data(), read.data(), read.size());
    on_read({}, read.size());
}

void Connection::start_last(std::string rest, std::unique_ptr<BodyStream> stream) {
    fresh_ = false;
    last_ = clean_end_ = true;
    out_ = std::move(rest);
    stream_ = std::move(stream);
    write();
}

void Connection::finish() {
    last_ = true;
    if ((!writing_ && !exchange_) || stream_) close();
}

void Connection::close() {
    if (!transport_.is_open()) return;
    transport_.close();
    stream_.reset();
    if (const auto exchange = std::exchange(exchange_, nullptr)) {
        exchange->cancel.emit(asio::cancellation_type::terminal);
    }
    owner_->closed(id_);
}

void Connection::time_up() {
    if (!exchange_ || writing_) {
        if (writing_ || parser_->got_some()) ++owner_->tally().too_slow;
        return close();
    }
    const auto exchange = std::exchange(exchange_, nullptr);
    exchange->cancel.emit(asio::cancellation_type::terminal);
    last_ = true;
    response_.reset();
    send_problem(response_, 504, "the server could not answer in time");
    append_response(response_, exchange->data.version, exchange->data.method == Method::head);
    write();
}

/// Gives back what the request took, also when it was the last: before its answer is sent.
void Connection::next_request() {
    if (data_.body.capacity() > kept_capacity) std::string().swap(data_.body);
    parser_.emplace(data_, owner_->limits(), owner_->bodies());
}

void Connection::make_room() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (end_ < in_.size()) return;
    if (begin_ > 0) {
        std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    } else {
        // Bounded: the parser refuses a header that is longer than its limit.
        in_.resize(in_.size() * 2);
    }
}

void Connection::read() {
    make_room();
    transport_.read_some(asio::buffer(in_.data() + end_, in_.size() - end_),
                         [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                             self->on_read(error, bytes);
                         });
}

void Connection::on_read(const error_code& error, std::size_t bytes) {
    if (!transport_.is_open()) return;
    if (error || last_) return close();
    // The time for a request begins with its first byte and is not prolonged by further ones.
    if (begin_ == end_ && !parser_->got_some()) {
        deadline_ = Clock::now() + owner_->limits().request_time;
    }
    end_ += bytes;
    if (std::exchange(fresh_, false) && in_[begin_] == tls_handshake_record) {
        if (auto* context = owner_->begin_tls()) return begin_tls(*context);
    }
    process();
}

/// What was read is no request but the beginning of a handshake.
void Connection::begin_tls(asio::ssl::context& context) {
    deadline_ = Clock::now() + owner_->limits().handshake_time;
    transport_.secure_as_server(
        context, asio::buffer(in_.data(), end_),
        [self = shared_from_this()](const error_code& error, std::size_t used) {
            if (!self->transport_.is_open()) return;
            if (error) ++self->owner_->tally().failed_handshakes;
            if (error || self->last_ || used != self->end_) return self->close();
            self->end_ = 0;
            self->deadline_ = Clock::now() + self->owner_->limits().request_time;
            self->read();
        });
}

/// Answers what requests there are, then writes or reads on.
void Connection::process() {
    do {
        while (!last_ && !exchange_ && begin_ < end_ && out_.size() < enough_output) {
            if (!answer_plain() && !step()) break;
        }
        if (!last_ && !exchange_ && data_.wants_continue && parser_->is_header_done() &&
            !parser_->is_done()) {
            data_.wants_continue = false;
            out_ += "HTTP/1.1 100 Continue\r\n\r\n";
        }
        if (out_.empty()) {
            // Nothing more is read while a coroutine is at work, so that nobody can pile requests
            // up.
            if (!exchange_) read();
            return;
        }
    } while (send() && on_sent());
}

/// Answers a request that lies there whole and plain; false where the parser has to take it apart.
bool Connection::answer_plain() {
    if (parser_->got_some()) return false;
    PlainAnswerer& answerer = owner_->plain();
    const auto plain = answerer.read({in_.data() + begin_, end_ - begin_});
    if (!plain || !answerer.answer(remote_, transport_.is_secure())) return false;
    begin_ += plain->size;
    if (!plain->keep_alive) last_ = clean_end_ = true;
    append_response(answerer.response(), plain->version, false);
    return true;
}

/// Parses on; false when more bytes are needed.
bool Connection::step() {
    error_code error;
    const std::size_t taken = parser_->put(asio::buffer(in_.data() + begin_, end_ - begin_), error);
    begin_ += taken;
    if (error == beast_http::error::need_more) return false;
    if (error) {
        refuse(error);
        return false;
    }
    if (!parser_->is_done()) return taken > 0;
    answer();
    return true;
}

void Connection::answer() {
    if (!parser_->keep_alive()) last_ = true;
    response_.reset();
    Request& request = data_.view(remote_, transport_.is_secure());
    if (const auto* later = owner_->router().handle(request, response_)) {
        return answer_later(*later, request);
    }
    append_response(response_, data_.version, data_.method == Method::head);
    next_request();
}

void Connection::answer_later(const CoroutineHandler& handler, Request& request) {
    const auto exchange = std::make_shared<Exchange>();
    exchange->owner = owner_;
    exchange->deadline = Clock::now() + owner_->limits().handler_time;
    auto parameters = std::move(request.parameters);
    std::swap(exchange->data, data_);
    // The views are of the texts' new home.
    exchange->request = &exchange->data.view(remote_, transport_.is_secure());
    exchange->request->parameters = std::move(parameters);
    exchange_ = exchange;
    deadline_ = exchange->deadline;
    run_exchange(owner_->executor(), exchange, handler,
                 [weak = weak_from_this()](const std::shared_ptr<Exchange>& ended) {
                     const auto self = weak.lock();
                     const bool late = !self || self->exchange_ != ended;
                     if (!late && !self->writing_) self->on_answered();
                 });
}

/// The coroutine has ended, and nothing is being written.
void Connection::on_answered() {
    const auto exchange = std::exchange(exchange_, nullptr);
    std::swap(data_, exchange->data);
    response_ = std::move(exchange->response);
    append_response(response_, data_.version, data_.method == Method::head);
    next_request();
    process();
}

/// Where a request cannot be understood, the next one's beginning is unknown: the connection ends.
void Connection::refuse(const error_code& error) {
    last_ = true;
    response_.reset();
    send_problem(response_, refusal_of(error, data_), error.message());
    append_response(response_, data_.version, false);
}

void Connection::append_response(Response& response, int version, bool head_only) {
    if (response.stream) last_ = true;
    owner_->count(response);
    append_answer(
        out_, response,
        {.date = owner_->date(), .version = version, .last = last_, .head_only = head_only});
    if (response.stream && !head_only) stream_ = std::move(response.stream);
    response.stream.reset();
}

/// Sends what there is, if it can be sent at once; otherwise on_write() will go on, or the
/// connection is closed.
bool Connection::send() {
    error_code error;
    const std::size_t sent = transport_.write_now(asio::buffer(out_), error);
    if (error) {
        close();
    } else if (sent < out_.size()) {
        write(sent);
    } else {
        return true;
    }
    return false;
}

/// Sends what there is but for the first bytes, which are sent already.
void Connection::write(std::size_t sent) {
    writing_ = true;
    deadline_ = Clock::now() + owner_->limits().write_time;
    transport_.write(asio::buffer(out_) + sent,
                     [self = shared_from_this()](const error_code& error, std::size_t /*bytes*/) {
                         self->on_write(error);
                     });
}

void Connection::on_write(const error_code& error) {
    writing_ = false;
    if (!transport_.is_open()) return trim(out_);
    if (error) return close();
    if (on_sent()) process();
}

/// All there was is sent; true when there may be more requests to answer.
bool Connection::on_sent() {
    trim(out_);
    if (exchange_) {
        deadline_ = exchange_->deadline;
        if (exchange_->done) on_answered();
        return false;
    }
    if (stream_) {
        streaming_ ? pump() : begin_stream();
        return false;
    }
    if (last_) {
        end();
        return false;
    }
    const bool between = begin_ == end_ && !parser_->got_some();
    deadline_ =
        Clock::now() + (between ? owner_->limits().idle_time : owner_->limits().request_time);
    return true;
}

/// The head of the answer is sent; its body is made from now on.
void Connection::begin_stream() {
    streaming_ = true;
    stream_->on_ready([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->pump();
    });
    watch();
    pump();
}

void Connection::pump() {
    if (writing_ || !stream_) return;
    if (!stream_->pull(out_)) {
        stream_.reset();
        if (out_.empty()) return end();
    }
    if (!out_.empty()) return write();
    deadline_ = TimePoint::max();
}

/// While a stream lasts, reading is the only way to learn that the client has gone.
void Connection::watch() {
    transport_.read_some(asio::buffer(in_),
                         [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                             self->drained_ += bytes;
                             if (!self->stream_) return;
                             if (error || self->drained_ > drain_bytes) return self->close();
                             self->watch();
                         });
}

/// Says that there is nothing more, and waits a little for the client to close first: closing while
/// bytes are still unread would have the kernel take the answer back by a reset.
void Connection::end() {
    deadline_ = Clock::now() + drain_time;
    // After a stream a read is still under way, and nobody has an answer to lose; nor has a client
    // that had nothing more to say.
    if (streaming_ || (clean_end_ && begin_ == end_ && !transport_.is_secure())) return close();
    transport_.end_sending([self = shared_from_this()] {
        if (self->transport_.is_open()) self->drain();
    });
}

void Connection::drain() {
    transport_.discard(asio::buffer(in_),
                       [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                           self->drained_ += bytes;
                           if (error || self->drained_ > drain_bytes) return self->close();
                           self->drain();
                       });
}

}  // namespace shoal::http
