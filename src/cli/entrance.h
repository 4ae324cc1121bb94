// How the user of a peer gets into a group: by the options, by what is known from before, or by
// what is asked for on the terminal.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"
#include "node/daemon.h"

namespace shoal::cli {

struct EntranceOptions {
    std::filesystem::path folder;  ///< the peer's data folder
    std::string join;              ///< a join link, or empty
    std::string tracker;           ///< http://HOST:PORT of a tracker whose key is known, or empty
    std::string user;              ///< or empty
    std::string password_file;
    bool may_ask = false;  ///< there is a terminal
};

/// Nothing when no login is needed: somebody is logged in from before, or no group is wanted. With
/// a terminal and no group known, trackers on the local network are offered, which takes some
/// seconds. Blocks. usage: something is missing or malformed. not_found, bad_data: files.
Result<std::optional<node::Entrance>> find_entrance(const EntranceOptions& options);

}  // namespace shoal::cli
