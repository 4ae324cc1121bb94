#include "cli/swarm_options.h"

#include "base/text.h"
#include "cli/descriptors.h"
#include "discovery/tracker_url.h"
#include "net/endpoint.h"

namespace shoal::cli {
namespace {

constexpr std::uint16_t default_port = 6881;
constexpr std::uint16_t ports_to_try = 100;
constexpr ByteCount least_memory = 1 << 20;
constexpr ByteCount most_memory = ByteCount{64} << 30;

Result<ByteCount> parse_rate(std::string_view option, const std::string& text) {
    if (text.empty()) return 0;
    const auto rate = parse_size(text);
    if (!rate) return prefix(option, rate.error());
    if (*rate == 0) return fail(ErrorCode::usage, "{} must be more than 0", option);
    return *rate;
}

}  // namespace

void SwarmOptions::add_session_options(CLI::App& command) {
    command.add_option("--listen", listen, "HOST:PORT to listen on; port 0: any free one")
        ->type_name("HOST:PORT");
    command.add_option("--max-down", max_down, "Bytes a second at most, as 500K or 2M")
        ->type_name("RATE");
    command.add_option("--max-up", max_up, "Bytes a second at most")->type_name("RATE");
    command
        .add_option("--memory", memory, "Memory for data in flight; by what is free if not given")
        ->type_name("SIZE");
}

void SwarmOptions::add_to(CLI::App& command) {
    add_session_options(command);
    command.add_option("--tracker", trackers, "A tracker besides the torrent's own; repeatable")
        ->type_name("URL");
    command.add_option("--peer", peers, "A peer to call; repeatable")->type_name("HOST:PORT");
}

Result<std::unique_ptr<engine::Session>> SwarmOptions::open_session(
    boost::asio::io_context& context, std::shared_ptr<engine::Admission> admission) const {
    raise_descriptor_limit();
    engine::SessionOptions options;
    options.admission = std::move(admission);
    const auto down = parse_rate("--max-down", max_down);
    if (!down) return std::unexpected(down.error());
    const auto up = parse_rate("--max-up", max_up);
    if (!up) return std::unexpected(up.error());
    options.max_down = *down;
    options.max_up = *up;
    if (!memory.empty()) {
        const auto size = parse_size(memory);
        if (!size) return prefix("--memory", size.error());
        if (*size < least_memory || *size > most_memory) {
            return fail(ErrorCode::usage, "--memory must be between {} and {}",
                        format_size(least_memory), format_size(most_memory));
        }
        options.memory = *size;
    }

    const auto where = net::parse_host_port(listen.empty() ? ":0" : listen, default_port);
    if (!where) return prefix("--listen", where.error());
    auto endpoints = net::listen_endpoints(*where);
    if (!endpoints) return prefix("--listen", endpoints.error());
    options.listen = *endpoints;
    if (endpoints->size() == 1 && !endpoints->front().address().is_unspecified()) {
        options.from = endpoints->front().address();
    }
    if (!listen.empty()) return engine::Session::open(context, std::move(options));

    for (std::uint16_t i = 0; i < ports_to_try; ++i) {
        for (auto& endpoint : options.listen) {
            endpoint.port(static_cast<std::uint16_t>(default_port + i));
        }
        if (auto session = engine::Session::open(context, options)) return session;
    }
    return fail(ErrorCode::failed, "no free port from {} to {}: name one with --listen",
                default_port, default_port + ports_to_try - 1);
}

Result<std::vector<net::TcpEndpoint>> SwarmOptions::peer_endpoints() const {
    std::vector<net::TcpEndpoint> endpoints;
    for (const auto& text : peers) {
        const auto where = net::parse_host_port(text);
        if (!where) return prefix("--peer", where.error());
        if (where->host.empty() || where->port == 0) {
            return fail(ErrorCode::usage, "--peer {}: needs a host and a port", printable(text));
        }
        const auto found = net::listen_endpoints(*where);
        if (!found) return prefix("--peer", found.error());
        endpoints.insert(endpoints.end(), found->begin(), found->end());
    }
    return endpoints;
}

Result<void> SwarmOptions::check_trackers() const {
    for (const auto& text : trackers) {
        if (const auto url = discovery::parse_tracker_url(text); !url) {
            return prefix("--tracker", Error{ErrorCode::usage, url.error().message});
        }
    }
    return {};
}

std::string reachable_address(const engine::Session& session) {
    const auto address = session.options().from.value_or(net::outward_address());
    return net::to_text({address, session.port()});
}

}  // namespace shoal::cli
