// Who the user is in the group: the tracker and the token that the last login left.
#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "discovery/join_link.h"

namespace shoal::cli {

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

/// $XDG_DATA_HOME/shoal; empty when there is no home folder.
std::filesystem::path default_data_folder();

/// A subcommand that speaks to the group whose account lies in the folder `data`.
CLI::App* add_group_command(CLI::App& app, const char* name, const char* description,
                            std::string& data);

/// The password from the file, from SHOAL_PASSWORD, or asked for on the terminal without showing
/// it, in this order. confirm: asks twice. usage: there is none of these. not_found, failed: the
/// file.
Result<std::string> read_password(const std::string& file, std::string_view prompt, bool confirm);

/// Percent-coded, to stand in a path or a query.
std::string url_part(std::string_view text);

}  // namespace shoal::cli
