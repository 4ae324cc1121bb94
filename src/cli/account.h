// Who the user is in the group, and how the command line asks for passwords.
#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "node/account.h"
#include "node/group_client.h"

namespace shoal::cli {

using node::Account;
using node::url_part;

/// $XDG_DATA_HOME/shoal; empty when there is no home folder.
std::filesystem::path default_data_folder();

/// A subcommand that speaks to the group whose account lies in the folder `data`.
CLI::App* add_group_command(CLI::App& app, const char* name, const char* description,
                            std::string& data);

/// The password from the file, from SHOAL_PASSWORD, or asked for on the terminal without showing
/// it, in this order. confirm: asks twice. usage: there is none of these. not_found, failed: the
/// file.
Result<std::string> read_password(const std::string& file, std::string_view prompt, bool confirm);

}  // namespace shoal::cli
