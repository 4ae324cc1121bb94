#include "disk/folder_walk.h"

namespace shoal::disk {

std::string_view parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

Result<FileStatus> FolderWalk::status(std::string_view path) {
    const std::string_view parent = parent_of(path);
    has_folder_ = true;
    if (parent.empty()) return root_->status(path);
    if (parent != parent_) {
        folder_ = root_->open_folder(parent);
        parent_ = parent;
    }
    has_folder_ = folder_.has_value();
    if (!has_folder_) return std::unexpected(folder_.error());
    return (*folder_)->status(path.substr(parent.size() + 1));
}

}  // namespace shoal::disk
