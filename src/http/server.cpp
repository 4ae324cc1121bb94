#include "http/server.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <ctime>
#include <fmt/chrono.h>
#include <spdlog/spdlog.h>
#include <unordered_map>

#include "http/answer.h"
#include "http/connection.h"
#include "net/raw_socket.h"

namespace shoal::http {
namespace {

namespace asio = boost::asio;
namespace ip = boost::asio::ip;
using boost::system::error_code;

/// How long accepting rests when the system has no descriptor left.
constexpr Duration accept_rest = 100ms;
/// So many connections are taken before others have their turn.
constexpr int accepted_at_once = 64;
/// What is read of a new connection before anything is set up for it.
constexpr std::size_t first_read = 2 * 1024;
constexpr Duration stop_time = 1s;
/// How often a free port of one family is looked for that is free in the other, too.
constexpr int port_attempts = 16;

/// What connections are counted by: an IPv4 address or the /64 of an IPv6 one.
std::uint64_t address_key(const net::Address& address) {
    if (address.is_v4()) return address.to_v4().to_uint();
    std::uint64_t key = 0;
    const auto bytes = address.to_v6().to_bytes();
    for (std::size_t i = 0; i < 8; ++i) key = key << 8 | bytes[i];
    // A /64 below 2^32 would be ::/32, which is not in use; so the families do not meet.
    return key | std::uint64_t{1} << 63;
}

Error listen_error(const net::TcpEndpoint& endpoint, const error_code& error) {
    const std::string where = net::to_text(endpoint);
    if (error == asio::error::address_in_use) {
        return {ErrorCode::failed,
                fmt::format("cannot listen on {}: the port is in use (choose another one)", where)};
    }
    if (error == asio::error::access_denied) {
        return {ErrorCode::failed,
                fmt::format("cannot listen on {}: no permission (choose a port from 1024)", where)};
    }
    if (error == boost::system::errc::address_not_available) {
        return {
            ErrorCode::failed,
            fmt::format("cannot listen on {}: this machine has no such address (name one of its "
                        "own, or 0.0.0.0 for all)",
                        where)};
    }
    return {ErrorCode::failed, fmt::format("cannot listen on {}: {}", where, error.message())};
}

bool lacks_family(const error_code& error) {
    return error == asio::error::address_family_not_supported ||
           error == boost::system::errc::address_not_available;
}

}  // namespace

class Server::Core final : public ConnectionOwner, public std::enable_shared_from_this<Core> {
  public:
    Core(asio::any_io_executor executor, Router router, Limits limits,
         std::shared_ptr<asio::ssl::context> tls)
        : executor_(std::move(executor)),
          router_(std::move(router)),
          limits_(limits),
          plain_(router_, limits_),
          bodies_(limits.all_bodies_bytes),
          tls_(std::move(tls)),
          tick_timer_(executor_) {
        set_date();
    }

    Result<void> listen(const std::vector<net::TcpEndpoint>& endpoints) {
        auto opened = open_any(endpoints);
        if (!opened) return std::unexpected(opened.error());
        accept_on(std::move(*opened));
        tick();
        return {};
    }

    Result<void> move_to(const std::vector<net::TcpEndpoint>& endpoints) {
        if (stopping_) return fail(ErrorCode::cancelled, "the server is being stopped");
        auto opened = open_any(endpoints);
        if (opened) {
            close_acceptors();
            accept_on(std::move(*opened));
            return {};
        }
        // What is in the way may be ourselves, as when one address follows on all of them.
        const auto before = this->endpoints();
        if (!shares_port(before, endpoints)) return std::unexpected(opened.error());
        close_acceptors();
        opened = open_any(endpoints);
        const bool moved = opened.has_value();
        const Error why = moved ? Error{} : opened.error();
        if (!moved) opened = open_any(before);
        if (!opened) return std::unexpected(opened.error());
        accept_on(std::move(*opened));
        if (!moved) return std::unexpected(why);
        return {};
    }

    [[nodiscard]] std::vector<net::TcpEndpoint> endpoints() const {
        std::vector<net::TcpEndpoint> all;
        for (const auto& acceptor : acceptors_) {
            error_code ignored;
            all.push_back(acceptor->local_endpoint(ignored));
        }
        return all;
    }

    void stop() {
        if (stopping_) return;
        stopping_ = true;
        close_acceptors();
        for (const auto& connection : all_connections()) connection->finish();
        if (connections_.empty()) {
            tick_timer_.cancel();
            return;
        }
        tick_timer_.expires_after(stop_time);
        tick_timer_.async_wait([self = shared_from_this()](const error_code& error) {
            if (!error) self->abandon();
        });
    }

    /// Ends everything at once.
    void abandon() {
        stopping_ = true;
        close_acceptors();
        tick_timer_.cancel();
        for (const auto& connection : all_connections()) connection->close();
    }

    [[nodiscard]] std::size_t connections() const { return connections_.size(); }
    [[nodiscard]] std::size_t secure_connections() const { return secure_connections_; }

    void use_tls(std::shared_ptr<asio::ssl::context> tls) { tls_ = std::move(tls); }

    [[nodiscard]] const asio::any_io_executor& executor() const override { return executor_; }
    [[nodiscard]] asio::ssl::context* begin_tls() override {
        if (!tls_ || secure_connections_ >= limits_.tls_connections) return nullptr;
        ++secure_connections_;
        return tls_.get();
    }
    [[nodiscard]] const Router& router() const override { return router_; }
    [[nodiscard]] PlainAnswerer& plain() override { return plain_; }
    [[nodiscard]] const Limits& limits() const override { return limits_; }
    [[nodiscard]] BodyBudget& bodies() override { return bodies_; }
    [[nodiscard]] std::string_view date() const override { return date_; }
    [[nodiscard]] ServerTally& tally() override { return tally_; }
    void count(const Response& response) override {
        ++tally_.answers.at(std::min(response.status / 100, 5u));
    }

    void closed(std::uint64_t id) override {
        const auto found = connections_.find(id);
        if (found == connections_.end()) return;
        const auto counted = per_address_.find(address_key(found->second->remote().address()));
        if (--counted->second == 0) per_address_.erase(counted);
        if (found->second->is_secure()) --secure_connections_;
        connections_.erase(found);
        if (stopping_ && connections_.empty()) tick_timer_.cancel();
    }

  private:
    using Acceptor = ip::tcp::acceptor;
    using Acceptors = std::vector<std::shared_ptr<Acceptor>>;

    static bool shares_port(const std::vector<net::TcpEndpoint>& some,
                            const std::vector<net::TcpEndpoint>& others) {
        return std::ranges::any_of(some, [&](const auto& one) {
            return std::ranges::any_of(
                others, [&](const auto& other) { return one.port() == other.port(); });
        });
    }

    static bool any_port(const std::vector<net::TcpEndpoint>& endpoints) {
        return std::all_of(endpoints.begin(), endpoints.end(),
                           [](const auto& endpoint) { return endpoint.port() == 0; });
    }

    /// A copy, because closing takes connections out of the map.
    [[nodiscard]] std::vector<std::shared_ptr<Connection>> all_connections() const {
        std::vector<std::shared_ptr<Connection>> all;
        all.reserve(connections_.size());
        for (const auto& [id, connection] : connections_) all.push_back(connection);
        return all;
    }

    /// Where port 0 turns out to be taken for one of the endpoints, another is tried.
    Result<Acceptors> open_any(const std::vector<net::TcpEndpoint>& endpoints) {
        for (int attempt = 1;; ++attempt) {
            auto opened = open_all(endpoints);
            const bool other_port_may_do = any_port(endpoints) && endpoints.size() > 1;
            if (opened || !other_port_may_do || attempt >= port_attempts) return opened;
        }
    }

    Result<Acceptors> open_all(const std::vector<net::TcpEndpoint>& endpoints) {
        Acceptors opened;
        std::uint16_t port = 0;
        Error missing;
        for (net::TcpEndpoint endpoint : endpoints) {
            if (endpoint.port() == 0) endpoint.port(port);
            auto acceptor = std::make_shared<Acceptor>(executor_);
            if (const auto error = open(*acceptor, endpoint)) {
                missing = listen_error(endpoint, error);
                if (lacks_family(error) && endpoints.size() > 1) continue;
                return std::unexpected(missing);
            }
            if (port == 0) port = acceptor->local_endpoint().port();
            opened.push_back(std::move(acceptor));
        }
        if (opened.empty()) return std::unexpected(missing);
        return opened;
    }

    static error_code open(Acceptor& acceptor, const net::TcpEndpoint& endpoint) {
        error_code error;
        acceptor.open(endpoint.protocol(), error);
        if (!error) acceptor.set_option(Acceptor::reuse_address(true), error);
        if (!error && endpoint.address().is_v6()) {
            acceptor.set_option(ip::v6_only(true), error);
        }
        // What is accepted inherits this one.
        if (!error) acceptor.set_option(ip::tcp::no_delay(true), error);
        if (!error) acceptor.non_blocking(true, error);
        if (!error) net::await_first_bytes(acceptor);
        if (!error) acceptor.bind(endpoint, error);
        if (!error) acceptor.listen(Acceptor::max_listen_connections, error);
        return error;
    }

    void close_acceptors() {
        error_code ignored;
        for (auto& acceptor : acceptors_) acceptor->close(ignored);
    }

    void accept_on(Acceptors acceptors) {
        acceptors_ = std::move(acceptors);
        for (const auto& acceptor : acceptors_) accept(acceptor);
    }

    void accept(const std::shared_ptr<Acceptor>& acceptor) {
        acceptor->async_wait(Acceptor::wait_read,
                             [self = shared_from_this(), acceptor](const error_code& error) {
                                 if (!error) self->accept_waiting(acceptor);
                             });
    }

    void accept_waiting(const std::shared_ptr<Acceptor>& acceptor) {
        for (int i = 0; i < accepted_at_once; ++i) {
            if (stopping_ || !acceptor->is_open()) return;
            error_code error;
            auto socket = net::RawSocket::accept(*acceptor, error);
            if (socket) {
                take(std::move(*socket));
            } else if (error == asio::error::no_descriptors ||
                       error == boost::system::errc::too_many_files_open_in_system ||
                       error == asio::error::no_buffer_space || error == asio::error::no_memory) {
                spdlog::warn("cannot accept a connection: {}", error.message());
                return rest(acceptor);
            } else if (error == asio::error::would_block) {
                break;
            }
        }
        accept(acceptor);
    }

    void rest(const std::shared_ptr<Acceptor>& acceptor) {
        auto timer = std::make_shared<asio::steady_timer>(executor_, accept_rest);
        timer->async_wait([self = shared_from_this(), timer, acceptor](const error_code& error) {
            if (!error && !self->stopping_ && acceptor->is_open()) self->accept(acceptor);
        });
    }

    void take(net::RawSocket socket) {
        const std::uint64_t key = address_key(socket.remote().address());
        const auto counted = per_address_.find(key);
        if (connections_.size() >= limits_.connections ||
            (counted != per_address_.end() && counted->second >= limits_.connections_per_address)) {
            ++tally_.too_many;
            return;
        }
        ++tally_.connections;
        const Bytes read = Bytes(first_bytes_).first(socket.read(first_bytes_));
        const bool answered = answer_at_once(socket, text_of(read));
        if (answered && first_answer_.empty()) return;
        error_code error;
        const net::TcpEndpoint remote = socket.remote();
        const std::uint64_t id = next_id_++;
        auto connection = std::make_shared<Connection>(
            shared_from_this(), socket.release(executor_, error), remote, id);
        if (error) return;
        ++per_address_[key];
        connections_.emplace(id, connection);
        if (!answered) return connection->start(read);
        connection->start_last(std::move(first_answer_), std::move(plain_.response().stream));
    }

    /// A client that comes with one plain request and wants no more is answered before anything is
    /// set up for it. True if so; what could not be sent yet is left in first_answer_, and the rest
    /// of a stream in the response.
    bool answer_at_once(const net::RawSocket& socket, std::string_view bytes) {
        const auto plain = plain_.read(bytes);
        if (!plain || plain->keep_alive || plain->size != bytes.size()) return false;
        if (!plain_.answer(socket.remote(), false)) return false;
        Response& response = plain_.response();
        count(response);
        first_answer_.clear();
        append_answer(first_answer_, response,
                      {.date = date_, .version = plain->version, .last = true});
        if (!response.stream) first_answer_.erase(0, socket.write(bytes_of(first_answer_)));
        return true;
    }

    /// Once a second: tells the connections whose time is up and turns the clock of the Date.
    void tick() {
        set_date();
        const TimePoint now = Clock::now();
        for (const auto& connection : all_connections()) {
            if (connection->deadline() <= now) connection->time_up();
        }
        tick_timer_.expires_after(1s);
        tick_timer_.async_wait([self = shared_from_this()](const error_code& error) {
            if (!error && !self->stopping_) self->tick();
        });
    }

    void set_date() {
        const std::time_t now = std::time(nullptr);
        date_ = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
    }

    asio::any_io_executor executor_;
    Router router_;
    Limits limits_;
    PlainAnswerer plain_;
    std::array<std::byte, first_read> first_bytes_{};
    std::string first_answer_;
    BodyBudget bodies_;
    std::shared_ptr<asio::ssl::context> tls_;
    Acceptors acceptors_;
    std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections_;
    std::unordered_map<std::uint64_t, std::size_t> per_address_;  ///< only addresses in use
    std::size_t secure_connections_ = 0;
    asio::steady_timer tick_timer_;
    std::string date_;
    ServerTally tally_;
    std::uint64_t next_id_ = 0;
    bool stopping_ = false;
};

Server::Server(asio::any_io_executor executor, Router router, Limits limits,
               std::shared_ptr<asio::ssl::context> tls)
    : core_(
          std::make_shared<Core>(std::move(executor), std::move(router), limits, std::move(tls))) {}

Server::~Server() {
    core_->abandon();
}

Result<void> Server::listen(const std::vector<net::TcpEndpoint>& endpoints) {
    return core_->listen(endpoints);
}

Result<void> Server::move_to(const std::vector<net::TcpEndpoint>& endpoints) {
    return core_->move_to(endpoints);
}

std::vector<net::TcpEndpoint> Server::endpoints() const {
    return core_->endpoints();
}

void Server::use_tls(std::shared_ptr<asio::ssl::context> tls) {
    core_->use_tls(std::move(tls));
}

void Server::stop() {
    core_->stop();
}

std::size_t Server::connections() const {
    return core_->connections();
}

const ServerTally& Server::tally() const {
    return core_->tally();
}

void Server::measure(Metrics& metrics) const {
    // The server's router may hold the metrics, which must not hold the server in turn.
    const auto value = [weak = std::weak_ptr(core_)](auto read) {
        return [weak, read] {
            const auto core = weak.lock();
            return core ? static_cast<double>(read(*core)) : 0.0;
        };
    };
    metrics.gauge("shoal_http_connections", "Connections that are open",
                  value([](Core& core) { return core.connections(); }));
    metrics.gauge("shoal_http_tls_connections", "Of these, under TLS",
                  value([](Core& core) { return core.secure_connections(); }));
    metrics.counter("shoal_http_connections_total", "Connections accepted",
                    value([](Core& core) { return core.tally().connections; }));
    for (std::size_t digit = 2; digit < 6; ++digit) {
        metrics.counter("shoal_http_answers_total", "Answers by the class of their status",
                        value([digit](Core& core) { return core.tally().answers.at(digit); }),
                        {{"status", fmt::format("{}xx", digit)}});
    }
    const auto error = [&](const char* kind, std::uint64_t ServerTally::* field) {
        metrics.counter("shoal_http_errors_total", "Connections that came to a bad end",
                        value([field](Core& core) { return core.tally().*field; }),
                        {{"kind", kind}});
    };
    error("too_many", &ServerTally::too_many);
    error("tls_handshake", &ServerTally::failed_handshakes);
    error("too_slow", &ServerTally::too_slow);
}

}  // namespace shoal::http
