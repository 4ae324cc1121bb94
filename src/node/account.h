// Who the user is in the group: the tracker, its key, and the token that the last login left.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"
#include "discovery/join_link.h"
#include "net/tls_client.h"

namespace shoal::node {

/// Kept in the data folder as account.json, readable by its owner alone.
struct Account {
    std::string tracker;               ///< http://HOST:PORT
    net::KeyFingerprint fingerprint;   ///< of the tracker's key: no other is believed
    std::optional<std::string> user;   ///< none: known is the tracker alone
    std::optional<std::string> token;  ///< a secret

    /// not_found: there is none. bad_data: a damaged file.
    static Result<Account> load(const std::filesystem::path& folder);
    /// Makes the folder when it does not exist.
    [[nodiscard]] Result<void> save(const std::filesystem::path& folder) const;
    static Account of(const discovery::JoinLink& link);
};

}  // namespace shoal::node
