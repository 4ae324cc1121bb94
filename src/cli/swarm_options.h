// Options that `seed`, `download` and `peer` share: where to listen, whom to call, how fast.
#pragma once
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/session.h"

namespace shoal::cli {

struct SwarmOptions {
    std::string listen;
    std::vector<std::string> trackers;
    std::vector<std::string> peers;
    std::string max_down;
    std::string max_up;
    std::string memory;

    void add_to(CLI::App& command);
    /// Those of a session alone, without trackers and peers.
    void add_session_options(CLI::App& command);

    /// Listens where the user said, or on port 6881 or the next free one. Names are resolved,
    /// which blocks. usage: a malformed option; failed: the port is in use.
    [[nodiscard]] Result<std::unique_ptr<engine::Session>> open_session(
        boost::asio::io_context& context,
        std::shared_ptr<engine::Admission> admission = nullptr) const;
    /// usage, not_found: a peer that cannot be made out.
    [[nodiscard]] Result<std::vector<net::TcpEndpoint>> peer_endpoints() const;
    /// usage: no http or https URL.
    [[nodiscard]] Result<void> check_trackers() const;
};

/// Where others reach the session: the address that was asked for, or one of this machine's.
std::string reachable_address(const engine::Session& session);

}  // namespace shoal::cli
