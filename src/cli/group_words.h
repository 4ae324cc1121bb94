// What the group has, and who is there: the same words as subcommands and in both shells.
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "cli/api.h"
#include "cli/command.h"
#include "net/endpoint.h"

namespace shoal::cli {

// Each prints a line for every item, or with --json one document, and blocks for the interface.

/// Files whose names hold all words; case and tone marks make no difference. Those that somebody is
/// still hashing are shown as such.
Result<void> list_files(const Context& context, const Api& api, const std::string& words);
Result<void> list_peers(const Context& context, const Api& api);
/// Which peer holds which pieces of every file, or of those of one name, and which pieces are at
/// risk. not_found: nothing has that name.
Result<void> list_pieces(const Context& context, const Api& api, const std::string& name);
/// The files that a peer shares; a name is resolved. not_found: there is no such host or peer.
Result<void> discover(const Context& context, const Api& api, const net::HostPort& peer);
/// Whether a peer is alive, as the tracker sees it. failed: it does not answer.
Result<void> ping(const Context& context, const Api& api, const net::HostPort& peer);

/// A host and a port given as "HOST PORT", "HOST:PORT" or, with a default port, "HOST".
/// usage: none of these.
Result<net::HostPort> read_host_port(const std::vector<std::string>& words,
                                     std::optional<std::uint16_t> default_port = std::nullopt);
inline constexpr std::uint16_t default_peer_port = 6881;

/// A file of the group in one line.
std::string file_line(const boost::json::object& file);

/// "0-17, 20" of [[0, 17], [20, 20]]; empty for what is no such list.
std::string ranges_of(const boost::json::object& object, std::string_view name);

}  // namespace shoal::cli
