// Small files that only their owner may read, such as keys and tokens.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace shoal::disk {

/// The whole file. not_found, refused (no permission), bad_data (no file, or longer than
/// max_bytes), failed.
Result<std::string> read_private_file(const std::filesystem::path& path, std::size_t max_bytes);

/// Makes the file, or replaces it, readable by its owner alone (0600) from its first moment on.
/// After a crash at any time it is there whole, as before, or not at all; once this returns it is
/// safe from a power cut. The folder must exist. refused, no_space, failed.
Result<void> write_private_file(const std::filesystem::path& path, std::string_view content);

}  // namespace shoal::disk
