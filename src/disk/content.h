// Finding content that the user has already, for seeding and checking it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "disk/file_system.h"
#include "disk/storage.h"
#include "metainfo/metainfo.h"

namespace shoal::disk {

/// Opens content read-only. The path is the content itself, under whatever name, or the folder
/// that holds it; it may lead over symlinks of the user's, which are followed nowhere below.
/// not_found: nothing is there; refused: no permission; bad_data: a folder where the torrent has a
/// file, or the reverse. Files inside a folder may be missing: see inspect().
Result<std::shared_ptr<Storage>> open_content(std::shared_ptr<const metainfo::Info> info,
                                              FileSystem& files, const std::filesystem::path& path,
                                              std::shared_ptr<HandleCache> handles = nullptr);

/// Removes the torrent's files, wherever open_content() would find them, and the folders that are
/// empty then. What else lies in the folders stays. What is not there is as good as removed.
/// Errors: as open_content(), or a file that cannot be removed; the rest may be gone then.
Result<void> remove_content(const metainfo::Info& info, FileSystem& files,
                            const std::filesystem::path& path);

/// Where the content itself is that open_content() would find; errors as that.
Result<std::filesystem::path> content_path(const metainfo::Info& info, FileSystem& files,
                                           const std::filesystem::path& path);

enum class FileState : std::uint8_t { present, missing, wrong_size, no_file, unreadable };

/// What is wrong with a file, as far as that shows without reading it.
struct FileReport {
    FileState state = FileState::present;
    std::string problem;  ///< one line for the user, with the path; empty when present
};

/// One report a file of the torrent, in its order; padding counts as present.
std::vector<FileReport> inspect(const Storage& storage);

}  // namespace shoal::disk
