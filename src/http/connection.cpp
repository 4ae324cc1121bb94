#include "http/connection.h"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <fmt/format.h>
#include <iterator>

namespace shoal::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;

/// Answers to pipelined requests are sent when they come to this, before more are made.
constexpr std::size_t enough_output = 64 * 1024;
/// A body buffer that one large answer or upload blew up is not kept.
constexpr std::size_t kept_capacity = 64 * 1024;
constexpr std::size_t first_buffer = 2 * 1024;
constexpr Duration drain_time = 2s;
constexpr std::size_t drain_bytes = 256 * 1024;

unsigned status_of(const boost::system::error_code& error, const RequestData& data) {
    if (data.target_too_long) return 414;
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
      socket_(std::move(socket)),
      remote_(remote),
      id_(id),
      in_(first_buffer) {
    next_request();
}

void Connection::start() {
    deadline_ = Clock::now() + owner_->limits().request_time;
    read();
}

void Connection::finish() {
    last_ = true;
    if (!writing_) close();
}

void Connection::close() {
    if (!socket_.is_open()) return;
    error_code ignored;
    socket_.close(ignored);
    owner_->closed(id_);
}

void Connection::next_request() {
    if (data_.body.capacity() > kept_capacity) std::string().swap(data_.body);
    parser_.emplace(data_, owner_->limits());
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
    socket_.async_read_some(
        asio::buffer(in_.data() + end_, in_.size() - end_),
        [self = shared_from_this()](const error_code& error, std::size_t bytes) {
            self->on_read(error, bytes);
        });
}

void Connection::on_read(const error_code& error, std::size_t bytes) {
    if (!socket_.is_open()) return;
    if (error || last_) return close();
    // The time for a request begins with its first byte and is not prolonged by further ones.
    if (begin_ == end_ && !parser_->got_some()) {
        deadline_ = Clock::now() + owner_->limits().request_time;
    }
    end_ += bytes;
    process();
}

/// Answers what requests there are, then writes or reads on.
void Connection::process() {
    while (!last_ && begin_ < end_ && out_.size() < enough_output) {
        if (!step()) break;
    }
    if (!last_ && data_.wants_continue && parser_->is_header_done() && !parser_->is_done()) {
        data_.wants_continue = false;
        out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    if (out_.empty()) return read();
    write();
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
    if (!last_) next_request();
    return true;
}

void Connection::answer() {
    if (!parser_->keep_alive()) last_ = true;
    response_.reset();
    owner_->router().handle(data_.view(remote_), response_);
    append_response(data_.method == Method::head);
}

/// Where a request cannot be understood, the next one's beginning is unknown: the connection ends.
void Connection::refuse(const error_code& error) {
    last_ = true;
    response_.reset();
    send_problem(response_, status_of(error, data_), error.message());
    append_response(false);
}

void Connection::append_response(bool head_only) {
    const auto out = std::back_inserter(out_);
    fmt::format_to(out, "HTTP/1.1 {} {}\r\nDate: {}\r\n", response_.status,
                   reason_of(response_.status), owner_->date());
    if (!response_.content_type.empty()) {
        fmt::format_to(out, "Content-Type: {}\r\n", response_.content_type);
    }
    if (last_) {
        out_ += "Connection: close\r\n";
    } else if (data_.version == 10) {
        out_ += "Connection: keep-alive\r\n";
    }
    out_ += response_.headers();
    fmt::format_to(out, "Content-Length: {}\r\n\r\n", response_.body.size());
    if (!head_only) out_ += response_.body;
    if (response_.body.capacity() > kept_capacity) std::string().swap(response_.body);
}

void Connection::write() {
    writing_ = true;
    deadline_ = Clock::now() + owner_->limits().write_time;
    asio::async_write(socket_, asio::buffer(out_),
                      [self = shared_from_this()](const error_code& error, std::size_t /*bytes*/) {
                          self->on_write(error);
                      });
}

void Connection::on_write(const error_code& error) {
    writing_ = false;
    trim(out_);
    if (!socket_.is_open()) return;
    if (error) return close();
    if (last_) {
        error_code ignored;
        socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        deadline_ = Clock::now() + drain_time;
        return drain();
    }
    const bool between = begin_ == end_ && !parser_->got_some();
    deadline_ =
        Clock::now() + (between ? owner_->limits().idle_time : owner_->limits().request_time);
    process();
}

/// Closing while bytes are still unread would have the kernel take the answer back by a reset.
void Connection::drain() {
    socket_.async_read_some(
        asio::buffer(in_), [self = shared_from_this()](const error_code& error, std::size_t bytes) {
            self->drained_ += bytes;
            if (error || self->drained_ > drain_bytes) return self->close();
            self->drain();
        });
}

}  // namespace shoal::http
