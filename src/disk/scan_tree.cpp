// Finding what there is to share below a path.
#include <algorithm>
#include <cerrno>
#include <sys/stat.h>

#include "base/text.h"
#include "disk/posix_io.h"
#include "disk/shared_tree.h"
#include "metainfo/path.h"

namespace shoal::disk {
namespace {

namespace fs = std::filesystem;

/// The last name of a path as the user wrote it; that of the real folder for "." and "..".
std::string name_of(const fs::path& path) {
    fs::path whole = fs::absolute(path).lexically_normal();
    if (!whole.has_filename()) whole = whole.parent_path();
    return whole.filename().native();
}

SharedFile shared_file(std::vector<std::string> path, const struct stat& status) {
    return {.path = std::move(path),
            .length = status.st_size,
            .modified = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
            .executable = (status.st_mode & S_IXUSR) != 0};
}

Result<void> scan_folder(SharedTree& tree, std::vector<std::string>& path);

Result<void> scan_entry(SharedTree& tree, std::vector<std::string>& path, const fs::path& disk) {
    struct stat status{};
    if (::lstat(disk.c_str(), &status) != 0) return system_error("look at", disk.native());
    if (S_ISDIR(status.st_mode)) return scan_folder(tree, path);
    if (S_ISREG(status.st_mode)) {
        tree.files.push_back(shared_file(path, status));
        return {};
    }
    tree.skipped.push_back(
        fmt::format("'{}' is {} and is not shared", printable(metainfo::join_path(path)),
                    S_ISLNK(status.st_mode) ? "a symbolic link" : "no regular file"));
    return {};
}

Result<void> scan_folder(SharedTree& tree, std::vector<std::string>& path) {
    fs::path disk = tree.root;
    for (const std::string& name : path) disk /= name;
    if (path.size() >= metainfo::max_path_depth) {
        return fail(ErrorCode::bad_data, "'{}' is nested too deeply to be shared",
                    printable(disk.native()));
    }
    std::error_code error;
    for (auto at = fs::directory_iterator(disk, error); !error && at != fs::directory_iterator();
         at.increment(error)) {
        path.push_back(at->path().filename().native());
        auto result = scan_entry(tree, path, at->path());
        path.pop_back();
        if (!result) return result;
    }
    if (error) return system_error("read the folder", disk.native(), error.value());
    return {};
}

}  // namespace

Result<SharedTree> scan_tree(const fs::path& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return system_error("share", path.native());
    SharedTree tree{.root = path, .name = name_of(path), .folder = S_ISDIR(status.st_mode)};
    if (!tree.folder) {
        if (!S_ISREG(status.st_mode)) {
            return fail(ErrorCode::usage, "'{}' is neither a file nor a folder",
                        printable(path.native()));
        }
        tree.files.push_back(shared_file({tree.name}, status));
        return tree;
    }
    std::vector<std::string> inside;
    if (auto ok = scan_folder(tree, inside); !ok) return std::unexpected(ok.error());
    if (tree.files.empty()) {
        return fail(ErrorCode::usage, "there is no file to share in the folder '{}'",
                    printable(path.native()));
    }
    std::ranges::sort(tree.files, {}, &SharedFile::path);
    std::ranges::sort(tree.skipped);
    return tree;
}

}  // namespace shoal::disk
