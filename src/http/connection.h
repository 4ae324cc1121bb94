// One client's connection: reads requests, has them answered in their order, writes the answers.
// Inside src/http only.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "http/exchange.h"
#include "http/plain_request.h"
#include "http/request_parser.h"
#include "http/transport.h"

namespace shoal::http {

/// What a connection needs of its server, which outlives it.
class ConnectionOwner {
  public:
    virtual ~ConnectionOwner() = default;
    [[nodiscard]] virtual const boost::asio::any_io_executor& executor() const = 0;
    [[nodiscard]] virtual const Router& router() const = 0;
    [[nodiscard]] virtual PlainAnswerer& plain() = 0;
    /// A connection is about to go on under TLS. Null: it is not spoken, or by too many already.
    [[nodiscard]] virtual boost::asio::ssl::context* begin_tls() = 0;
    [[nodiscard]] virtual const Limits& limits() const = 0;
    [[nodiscard]] virtual BodyBudget& bodies() = 0;
    /// The value of the Date header, current to the second.
    [[nodiscard]] virtual std::string_view date() const = 0;
    [[nodiscard]] virtual ServerTally& tally() = 0;
    /// An answer is about to be sent.
    virtual void count(const Response& response) = 0;
    /// The connection is closed. May destroy the owner's reference to it.
    virtual void closed(std::uint64_t id) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(std::shared_ptr<ConnectionOwner> owner, boost::asio::ip::tcp::socket socket,
               const net::TcpEndpoint& remote, std::uint64_t id);

    /// Goes on from these bytes, which have been read already.
    void start(Bytes read);
    /// Sends the rest of an answer, which is not empty, and a stream's (which may be null). The
    /// client wants the connection closed afterwards.
    void start_last(std::string rest, std::unique_ptr<BodyStream> stream);
    /// Closes at once, or when the answer under way is made and sent.
    void finish();
    void close();
    /// When time_up() has to be called unless something happens before; looked at by the owner once
    /// a second, which costs less than a timer a request.
    [[nodiscard]] TimePoint deadline() const { return deadline_; }
    void time_up();
    [[nodiscard]] const net::TcpEndpoint& remote() const { return remote_; }
    [[nodiscard]] bool is_secure() const { return transport_.is_secure(); }

  private:
    using error_code = boost::system::error_code;

    void begin_tls(boost::asio::ssl::context& context);
    void read();
    void on_read(const error_code& error, std::size_t bytes);
    void make_room();
    void process();
    bool answer_plain();
    bool step();
    void next_request();
    void answer();
    void answer_later(const CoroutineHandler& handler, Request& request);
    void on_answered();
    void refuse(const error_code& error);
    void append_response(Response& response, int version, bool head_only);
    bool send();
    void write(std::size_t sent = 0);
    void on_write(const error_code& error);
    bool on_sent();
    void begin_stream();
    void pump();
    void watch();
    void end();
    void drain();

    std::shared_ptr<ConnectionOwner> owner_;
    Transport transport_;
    net::TcpEndpoint remote_;
    std::uint64_t id_;
    TimePoint deadline_;
    RequestData data_;
    std::optional<RequestParser> parser_;
    Response response_;
    std::vector<char> in_;
    std::size_t begin_ = 0;  ///< of the bytes in in_ that are not parsed yet
    std::size_t end_ = 0;
    std::string out_;                     ///< must not be touched while writing_
    std::size_t drained_ = 0;             ///< bytes thrown away after the last answer
    std::shared_ptr<Exchange> exchange_;  ///< while a coroutine makes the next answer
    std::unique_ptr<BodyStream> stream_;  ///< the rest of the last answer
    bool streaming_ = false;
    bool fresh_ = true;  ///< nothing has been read yet
    bool writing_ = false;
    bool last_ = false;       ///< no request is taken after the current answer
    bool clean_end_ = false;  ///< and the client has said so, which then sends nothing more
};

}  // namespace shoal::http
