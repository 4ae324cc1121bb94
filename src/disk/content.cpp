#include "disk/content.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <set>

#include "base/text.h"
#include "metainfo/path.h"

namespace shoal::disk {
namespace {

namespace fs = std::filesystem;

/// How many of the torrent's files stand in a folder; counts to `enough`, and looks at not many
/// more.
std::size_t count_files(const metainfo::Info& info, Folder& folder, std::size_t enough) {
    std::size_t found = 0;
    for (const metainfo::File& file : info.layout().files()) {
        if (file.padding) continue;
        if (folder.status(fmt::format("{}", fmt::join(file.path, "/"))) && ++found == enough) break;
    }
    return found;
}

struct FoundContent {
    fs::path path;  ///< of the file or folder itself
    ContentPlace place;
};

Result<FoundContent> find_file(const metainfo::Info& info, FileSystem& files, fs::path path) {
    auto status = files.status(path);
    if (!status) return std::unexpected(status.error());
    if (status->kind == FileKind::folder) {
        const fs::path holder = path;
        path /= info.name();
        status = files.status(path);
        if (!status && status.error().code == ErrorCode::not_found) {
            return fail(ErrorCode::not_found,
                        "there is no '{}' in the folder '{}'; give the file itself if it has "
                        "another name",
                        printable(info.name()), printable(holder.native()));
        }
        if (!status) return std::unexpected(status.error());
    }
    if (status->kind != FileKind::file) {
        return fail(ErrorCode::bad_data, "'{}' is no file, and the torrent is of a single file",
                    printable(path.native()));
    }
    const auto resolved = files.resolve(path);
    if (!resolved) return std::unexpected(resolved.error());
    auto root = files.open_folder(resolved->parent_path(), false);
    if (!root) return std::unexpected(root.error());
    return FoundContent{*resolved, {std::move(*root), resolved->filename().native(), nullptr}};
}

Result<FoundContent> find_folder(const metainfo::Info& info, FileSystem& files,
                                 const fs::path& path) {
    const auto status = files.status(path);
    if (!status) return std::unexpected(status.error());
    if (status->kind != FileKind::folder) {
        return fail(ErrorCode::bad_data, "'{}' is a file, and the torrent is of a folder",
                    printable(path.native()));
    }
    auto given = files.open_folder(path, false);
    if (!given) return std::unexpected(given.error());
    const auto below = files.status(path / info.name());
    if (!below && below.error().code == ErrorCode::refused) return std::unexpected(below.error());
    if (below && below->kind == FileKind::folder) {
        auto inner = files.open_folder(path / info.name(), false);
        if (!inner) return std::unexpected(inner.error());
        // A torrent may hold a folder of its own name: then the one with more of its files counts.
        constexpr std::size_t enough = 64;
        const std::size_t in_given = count_files(info, **given, enough);
        if (in_given == 0 || count_files(info, **inner, enough) >= in_given) {
            return FoundContent{path / info.name(), {std::move(*inner), {}, nullptr}};
        }
    } else if (count_files(info, **given, 1) == 0) {
        return fail(ErrorCode::not_found,
                    "there is neither '{}' in the folder '{}' nor any of the torrent's files",
                    printable(info.name()), printable(path.native()));
    }
    return FoundContent{path, {std::move(*given), {}, nullptr}};
}

Result<FoundContent> find_content(const metainfo::Info& info, FileSystem& files,
                                  const fs::path& path) {
    return info.is_folder() ? find_folder(info, files, path) : find_file(info, files, path);
}

Result<void> remove_if_there(Folder& folder, const std::string& name) {
    auto removed = folder.remove(name);
    if (removed || removed.error().code == ErrorCode::not_found) return {};
    return removed;
}

FileReport report(const Storage& storage, FileIndex index) {
    const metainfo::File& file = storage.layout().file(index);
    const auto found = storage.probe(index);
    if (found) {
        if (found->size == file.length) return {};
        return {FileState::wrong_size,
                fmt::format("'{}' has {} bytes instead of {}", storage.path_of(index), found->size,
                            file.length)};
    }
    switch (found.error().code) {
        case ErrorCode::not_found:
            return {FileState::missing, fmt::format("'{}' does not exist", storage.path_of(index))};
        case ErrorCode::bad_data:
            return {FileState::no_file, found.error().message};
        default:
            return {FileState::unreadable, found.error().message};
    }
}

}  // namespace

Result<std::shared_ptr<Storage>> open_content(std::shared_ptr<const metainfo::Info> info,
                                              FileSystem& files, const fs::path& path,
                                              std::shared_ptr<HandleCache> handles) {
    auto found = find_content(*info, files, path);
    if (!found) return std::unexpected(found.error());
    return std::make_shared<Storage>(
        std::move(info), std::move(found->place),
        StorageOptions{.writable = false, .wanted = {}, .handles = std::move(handles)});
}

Result<fs::path> content_path(const metainfo::Info& info, FileSystem& files, const fs::path& path) {
    const auto found = find_content(info, files, path);
    if (!found) return std::unexpected(found.error());
    return files.resolve(found->path);
}

Result<void> remove_content(const metainfo::Info& info, FileSystem& files, const fs::path& path) {
    const auto found = find_content(info, files, path);
    if (!found && found.error().code == ErrorCode::not_found) return {};
    if (!found) return std::unexpected(found.error());
    Folder& root = *found->place.root;
    if (!info.is_folder()) return remove_if_there(root, found->place.name);
    // Those inside come before those around them.
    std::set<std::string, std::greater<>> folders;
    for (const metainfo::File& file : info.layout().files()) {
        if (file.padding) continue;
        const std::string name = metainfo::join_path(file.path);
        if (auto removed = remove_if_there(root, name); !removed) return removed;
        for (auto end = name.rfind('/'); end != std::string::npos; end = name.rfind('/', end - 1)) {
            folders.insert(name.substr(0, end));
        }
    }
    for (const std::string& folder : folders) {
        [[maybe_unused]] const auto emptied = root.remove(folder);
    }
    std::error_code not_empty;
    fs::remove(found->path, not_empty);
    return {};
}

std::vector<FileReport> inspect(const Storage& storage) {
    std::vector<FileReport> reports(storage.layout().files().size());
    for (std::uint32_t i = 0; i < reports.size(); ++i) {
        const FileIndex file(i);
        if (storage.is_wanted(file)) reports[i] = report(storage, file);
    }
    return reports;
}

}  // namespace shoal::disk
