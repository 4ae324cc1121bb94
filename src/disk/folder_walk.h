// Looks at many files beneath a folder, one folder after the other.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "disk/file_system.h"

namespace shoal::disk {

/// The folder that a path lies in; empty for one without a '/'.
std::string_view parent_of(std::string_view path);

/// Holds the folder that was looked into last open, so that files which follow each other in the
/// same folder are found without a way from the root. Not thread-safe.
class FolderWalk {
  public:
    explicit FolderWalk(std::shared_ptr<Folder> root) : root_(std::move(root)) {}

    /// The same as Folder::status(). The path must not be empty.
    Result<FileStatus> status(std::string_view path);
    /// Whether the folder that the last path lies in could be opened.
    [[nodiscard]] bool has_folder() const { return has_folder_; }

  private:
    std::shared_ptr<Folder> root_;
    std::string parent_;
    /// None: not looked for yet, or the root itself. An error: why it could not be opened.
    Result<std::shared_ptr<Folder>> folder_;
    bool has_folder_ = true;
};

}  // namespace shoal::disk
