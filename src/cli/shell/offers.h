// What a shell offers at the cursor: names that the interface knows, and paths.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/api.h"
#include "cli/shell/command_table.h"

namespace shoal::cli {

/// Things that could be written at one place of a command.
using Offer = std::function<std::vector<std::string>(std::string_view part)>;

/// Completes the command's first argument by the first offer, its second by the second, and so on;
/// an empty offer gives nothing.
Completion complete_each(std::vector<Offer> offers);

/// One of these words.
Offer offer_words(std::vector<std::string> words);
/// Files and folders of this machine that begin like the part; folders end with a slash. Hidden
/// ones only where the part asks for them.
std::vector<std::string> offer_paths(std::string_view part);
/// A member of the first items of a list; nothing when they cannot be had. The path has a query.
std::vector<std::string> names_in(const Api& api, const std::string& path, std::string_view member);
/// Names of the group's files.
std::vector<std::string> offer_files(const Api& api, std::string_view part);

}  // namespace shoal::cli
