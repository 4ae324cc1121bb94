// Fetching by name: which torrent is meant, and whether it may and can be fetched.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/group_client.h"
#include "node/library.h"

namespace shoal::node {

struct FetchRequest {
    std::string name;                                  ///< or an info hash, as the user wrote it
    std::optional<std::filesystem::path> destination;  ///< none: the name in the downloads folder
    std::vector<net::TcpEndpoint> from;                ///< not empty: these peers alone
    bool single_source = false;
    std::vector<std::string> files{};  ///< patterns of the files to fetch; none: all
};

struct FetchRefusal {
    Error error;
    std::vector<GroupFile> candidates{};  ///< when several contents have the name
};

/// The files that are meant, which are all of one torrent; several torrents are a refusal with a
/// file of each as the candidates. from: names those that these peers published; where none of
/// them did, it names nothing. bad_data: a name that could not be a file's.
std::expected<std::vector<GroupFile>, FetchRefusal> choose_file(
    const std::vector<GroupFile>& found, const std::vector<net::TcpEndpoint>& from);

/// Begins to fetch. not_found: there is no such file, or nobody who has it is there now. refused:
/// it is this peer's own, the destination exists, or the name is ambiguous. All of them, and
/// library, must outlive the coroutine.
boost::asio::awaitable<std::expected<std::shared_ptr<Share>, FetchRefusal>> fetch(
    engine::Session& session, const Home& home, Library& library,
    std::shared_ptr<GroupClient> client, FetchRequest request);

}  // namespace shoal::node
