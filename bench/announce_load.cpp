// Announces to an HTTP tracker from many peers, as fast as it answers; for bench/tracker.py.
//   announce_load KIND PORT TORRENTS PEERS SECONDS
//     fill, fill-close: every peer once; keep, close: any peer, for so long; on connections that
//     stay, or one for each announce
//   announce_load serve PORT         a server that does nothing
//   announce_load hashes TORRENTS    the info hashes, in hexadecimal
// Peer p of a torrent has the address 127.0.1.(1 + p / 32768) and the port 1 + p % 32768.
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <random>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t connections = 64;
constexpr std::uint32_t peers_per_address = 32'768;

[[noreturn]] void die(std::string_view what) {
    fmt::print(stderr, "{}: {}\n", what, std::strerror(errno));
    std::exit(1);
}

/// The same for the same torrent in every run.
std::array<std::uint8_t, 20> hash_of(std::uint32_t torrent) {
    std::mt19937 random(torrent);
    std::array<std::uint8_t, 20> hash{};
    for (auto& byte : hash) byte = static_cast<std::uint8_t>(random());
    return hash;
}

std::string hex_of(std::uint32_t torrent, std::string_view before_byte) {
    std::string text;
    for (const auto byte : hash_of(torrent)) text += fmt::format("{}{:02x}", before_byte, byte);
    return text;
}

sockaddr_in address_of(std::uint32_t address, std::uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    result.sin_addr.s_addr = htonl(address);
    return result;
}

/// One peer's announce after the other.
class Load {
  public:
    Load(std::string_view kind, std::uint16_t port, std::uint32_t torrents, std::uint32_t peers)
        : fills_(kind.starts_with("fill")),
          closes_(kind.ends_with("close")),
          port_(port),
          torrents_(torrents),
          peers_(peers),
          addresses_((peers - 1) / peers_per_address + 1),
          next_(addresses_) {
        for (std::uint32_t i = 0; i < torrents; ++i) hashes_.push_back(hex_of(i, "%"));
        for (std::uint32_t i = 0; i < connections; ++i) {
            connections_[i].address = i % addresses_;
            ask(i);
        }
        send_all();
    }

    void run(double seconds) {
        const auto end = Clock::now() + std::chrono::duration<double>(seconds);
        std::array<epoll_event, connections> events{};
        while (asking_ > 0 && (fills_ || Clock::now() < end)) {
            const int count = ::epoll_wait(poll_, events.data(), connections, 20'000);
            if (count == 0) {
                fmt::print(stderr, "no answer within 20 seconds\n");
                std::exit(1);
            }
            for (int i = 0; i < count; ++i) receive(events.at(i).data.u32);
            send_all();
        }
    }
    void print() const {
        fmt::print("{} {}\n", answers_, answers_ == 0 ? 0 : peers_told_ / answers_);
    }

  private:
    struct Connection {
        int socket = -1;
        std::uint32_t address = 0;
        std::string request;
        std::string answer;
    };

    void dial(std::uint32_t at) {
        Connection& connection = connections_[at];
        connection.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int on = 1;
        ::setsockopt(connection.socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        ::setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const sockaddr_in own = address_of(0x7f000101 + connection.address, 0);
        const sockaddr_in tracker = address_of(INADDR_LOOPBACK, port_);
        const auto as_address = [](const sockaddr_in& of) {
            return reinterpret_cast<const sockaddr*>(&of);
        };
        if (::bind(connection.socket, as_address(own), sizeof own) != 0) die("bind");
        if (::connect(connection.socket, as_address(tracker), sizeof tracker) != 0) die("connect");
        epoll_event event{.events = EPOLLIN, .data = {.u32 = at}};
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, connection.socket, &event);
    }

    void hang_up(Connection& connection) {
        ::close(connection.socket);
        connection.socket = -1;
    }

    /// Another peer at this connection's address; false when all have had their turn.
    bool choose(std::uint32_t address, std::uint32_t& torrent, std::uint32_t& peer) {
        const std::uint32_t first = address * peers_per_address;
        const std::uint32_t here = std::min(peers_per_address, peers_ - first);
        if (!fills_) {
            torrent = static_cast<std::uint32_t>(random_() % torrents_);
            peer = first + static_cast<std::uint32_t>(random_() % here);
            return true;
        }
        const std::uint64_t number = next_[address]++;
        torrent = static_cast<std::uint32_t>(number % torrents_);
        peer = first + static_cast<std::uint32_t>(number / torrents_);
        return number / torrents_ < here;
    }

    void ask(std::uint32_t at) {
        Connection& connection = connections_[at];
        std::uint32_t torrent = 0;
        std::uint32_t peer = 0;
        if (!choose(connection.address, torrent, peer)) return;
        ++asking_;
        connection.answer.clear();
        connection.request.clear();
        fmt::format_to(std::back_inserter(connection.request),
                       "GET /announce?info_hash={}&peer_id=-XX0001-{:012}&port={}&uploaded=0"
                       "&downloaded=0&left={}&compact=1&numwant=50 HTTP/1.1\r\nHost: tracker\r\n"
                       "User-Agent: announce_load\r\nConnection: {}\r\n\r\n",
                       hashes_[torrent], peer, 1 + peer % peers_per_address, peer % 3 == 0 ? 0 : 1,
                       closes_ ? "close" : "keep-alive");
        if (connection.socket < 0) dial(at);
        asking_now_.push_back(at);
    }

    /// All at once, as the announces of many peers come, which do not wait for each other.
    void send_all() {
        for (const std::uint32_t at : asking_now_) send(at);
        asking_now_.clear();
    }

    void send(std::uint32_t at) {
        Connection& connection = connections_[at];
        if (connection.socket < 0) dial(at);
        const std::string& request = connection.request;
        // A request is far smaller than what a socket takes at once.
        if (::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
            hang_up(connection);
            dial(at);
            if (::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
                die("send");
            }
        }
    }

    void receive(std::uint32_t at) {
        Connection& connection = connections_[at];
        std::array<char, 4096> bytes{};
        const ssize_t size = ::recv(connection.socket, bytes.data(), bytes.size(), 0);
        if (size < 0) die("recv");
        connection.answer.append(bytes.data(), static_cast<std::size_t>(size));
        const bool ended = size == 0;
        if (ended) hang_up(connection);
        if (!is_whole(connection.answer, ended)) {
            if (ended) send(at);  // it was closed before the request came
            return;
        }
        count(connection.answer);
        --asking_;
        if (closes_ && !ended) hang_up(connection);
        ask(at);
    }

    /// Without a length the end of the connection is the end of the answer.
    static bool is_whole(std::string_view answer, bool ended) {
        const std::size_t head = answer.find("\r\n\r\n");
        if (head == std::string_view::npos) return false;
        constexpr std::string_view name = "Content-Length: ";
        const std::size_t at = answer.find(name);
        if (at == std::string_view::npos) return ended;
        std::size_t length = 0;
        std::from_chars(answer.data() + at + name.size(), answer.data() + head, length);
        return answer.size() >= head + 4 + length;
    }

    void count(std::string_view answer) {
        constexpr std::string_view name = "5:peers";
        const std::size_t at = answer.find(name);
        if (!answer.starts_with("HTTP/1.") || at == std::string_view::npos) {
            fmt::print(stderr, "no announce's answer: {}\n", answer.substr(0, 200));
            std::exit(1);
        }
        std::size_t length = 0;
        std::from_chars(answer.data() + at + name.size(), answer.data() + answer.size(), length);
        ++answers_;
        peers_told_ += length / 6;
    }

    bool fills_;
    bool closes_;
    std::uint16_t port_;
    std::uint32_t torrents_;
    std::uint32_t peers_;
    std::uint32_t addresses_;
    std::vector<std::uint64_t> next_;  ///< of each address, which peer's turn it is to be filled in
    std::vector<std::string> hashes_;
    std::array<Connection, connections> connections_;
    int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::mt19937_64 random_;
    std::vector<std::uint32_t> asking_now_;  ///< connections with a request to be sent
    std::size_t asking_ = 0;
    std::uint64_t answers_ = 0;
    std::uint64_t peers_told_ = 0;
};

/// Reads, and answers every request with the same 50 peers.
[[noreturn]] void serve(std::uint16_t port) {
    const std::string body = "d8:intervali1800e5:peers300:" + std::string(300, 'x') + "e";
    const std::string answer =
        fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}",
                    body.size(), body);
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const sockaddr_in own = address_of(INADDR_LOOPBACK, port);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) die("bind");
    if (::listen(listener, 4096) != 0) die("listen");
    const int poll = ::epoll_create1(0);
    epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    std::array<epoll_event, 128> events{};
    std::array<char, 4096> request{};
    for (;;) {
        const int count = ::epoll_wait(poll, events.data(), events.size(), -1);
        for (int i = 0; i < count; ++i) {
            const int ready = events.at(i).data.fd;
            if (ready == listener) {
                const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
                event.data.fd = accepted;
                ::epoll_ctl(poll, EPOLL_CTL_ADD, accepted, &event);
                continue;
            }
            const ssize_t size = ::recv(ready, request.data(), request.size(), 0);
            if (size > 0) ::send(ready, answer.data(), answer.size(), MSG_NOSIGNAL);
            const std::string_view text(request.data(),
                                        size > 0 ? static_cast<std::size_t>(size) : 0);
            if (size <= 0 || text.find("Connection: close") != std::string_view::npos) {
                ::close(ready);
            }
        }
    }
}

template <class Number>
Number number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) die("not a number");
    return value;
}

}  // namespace

int main(int count, char** values) {
    const std::vector<std::string_view> arguments(values + 1, values + count);
    if (arguments.size() == 2 && arguments[0] == "serve") {
        serve(number<std::uint16_t>(arguments[1]));
    }
    if (arguments.size() == 2 && arguments[0] == "hashes") {
        const auto torrents = number<std::uint32_t>(arguments[1]);
        for (std::uint32_t i = 0; i < torrents; ++i) fmt::print("{}\n", hex_of(i, ""));
        return 0;
    }
    if (arguments.size() != 5) {
        fmt::print(stderr,
                   "usage: announce_load fill|fill-close|keep|close PORT TORRENTS PEERS SECONDS\n");
        return 2;
    }
    Load load(arguments[0], number<std::uint16_t>(arguments[1]),
              number<std::uint32_t>(arguments[2]), number<std::uint32_t>(arguments[3]));
    load.run(number<double>(arguments[4]));
    load.print();
    return 0;
}
