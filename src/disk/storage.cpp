#include "disk/storage.h"

#include <algorithm>
#include <cassert>
#include <fmt/format.h>
#include <future>

#include "base/text.h"
#include "disk/folder_walk.h"
#include "metainfo/path.h"

// Which files there are, where they lie, and that they are safe. storage_io.cpp has the bytes.

namespace shoal::disk {
namespace {

constexpr std::string_view parts_name = "parts";

std::string join(std::string_view folder, std::string_view name) {
    if (folder.empty()) return std::string(name);
    if (name.empty()) return std::string(folder);
    std::string path;
    path.reserve(folder.size() + 1 + name.size());
    path.append(folder).append(1, '/').append(name);
    return path;
}

/// Whether two files of a torrent lie in the same folder.
bool are_neighbours(const metainfo::File& one, const metainfo::File& other) {
    return one.path.size() == other.path.size() &&
           std::equal(one.path.begin(), std::prev(one.path.end()), other.path.begin());
}

/// From so many files on, one flush of the whole file system is quicker than one a file.
constexpr std::size_t many_files = 64;

}  // namespace

Storage::Storage(std::shared_ptr<const metainfo::Info> info, ContentPlace place,
                 StorageOptions options)
    : info_(std::move(info)),
      writable_(options.writable),
      wanted_(std::move(options.wanted)),
      handles_(options.handles ? std::move(options.handles) : std::make_shared<HandleCache>()),
      id_(HandleCache::new_owner()),
      parts_(static_cast<std::uint32_t>(layout().files().size())),
      place_(std::move(place)),
      dirty_(parts_ + 1),
      stamps_(parts_ + 1) {
    assert(wanted_.empty() || wanted_.size() == layout().files().size());
}

Storage::~Storage() {
    close();
}

void Storage::close() {
    handles_->erase_all(id_);
}

ContentPlace Storage::place() const {
    const std::lock_guard lock(mutex_);
    return place_;
}

void Storage::relocate(ContentPlace place) {
    {
        const std::lock_guard lock(mutex_);
        place_ = std::move(place);
        // The names at the new place are the business of whoever moved the content there.
        dirty_folders_.clear();
    }
    handles_->erase({id_, parts_});
}

bool Storage::is_wanted(FileIndex file) const {
    if (layout().file(file).padding) return false;
    return wanted_.empty() || wanted_[file.value()];
}

bool Storage::is_wanted(PieceIndex piece) const {
    const auto slices = layout().slices(layout().piece_offset(piece), layout().piece_size(piece));
    return std::ranges::any_of(slices, [&](const auto& slice) { return is_wanted(slice.file); });
}

bool Storage::needs_parts(PieceIndex piece) const {
    if (wanted_.empty()) return false;
    const auto slices = layout().slices(layout().piece_offset(piece), layout().piece_size(piece));
    return std::ranges::any_of(slices, [&](const auto& slice) {
        return !layout().file(slice.file).padding && !is_wanted(slice.file);
    });
}

std::vector<bool> Storage::wanted_files() const {
    std::vector<bool> wanted(layout().files().size());
    for (std::uint32_t i = 0; i < wanted.size(); ++i) wanted[i] = is_wanted(FileIndex(i));
    return wanted;
}

std::string Storage::relative_path(const ContentPlace& place, std::uint32_t file) const {
    if (file == parts_) return std::string(parts_name);
    if (!info_->is_folder()) return place.name;
    return join(place.name, metainfo::join_path(layout().files()[file].path));
}

std::string Storage::shown_path(std::uint32_t file) const {
    const ContentPlace where = place();
    const auto& folder = file == parts_ && where.parts ? where.parts : where.root;
    return printable(join(folder->name(), relative_path(where, file)));
}

std::string Storage::path_of(FileIndex file) const {
    return shown_path(file.value());
}

std::unexpected<Error> Storage::write_error(const Error& error, std::uint32_t file) const {
    if (error.code == ErrorCode::not_found) {
        return fail(ErrorCode::failed,
                    "cannot write '{}': it, or the folder it lies in, has vanished; put it back "
                    "and start again",
                    shown_path(file));
    }
    const bool telling = error.code == ErrorCode::no_space || error.code == ErrorCode::refused;
    return std::unexpected(Error{telling ? error.code : ErrorCode::failed, error.message});
}

Result<void> Storage::prepare() {
    auto found = survey();
    if (!found) return std::unexpected(found.error());
    if (auto done = check_space(*found); !done) return done;
    if (auto done = make_folders(); !done) return done;
    if (auto done = make_files(*found); !done) return done;
    keep_stamps(*found);
    return {};
}

Result<Storage::Survey> Storage::survey() const {
    const ContentPlace where = place();
    Survey found(layout().files().size() + 1);
    FolderWalk walk(where.root);
    const auto note = [](Result<FileStatus> status,
                         std::optional<FileStatus>& entry) -> Result<void> {
        if (!status && status.error().code == ErrorCode::not_found) return {};
        if (!status) return std::unexpected(status.error());
        entry = *status;
        return {};
    };
    const metainfo::File* stray = nullptr;  // one whose folder is not there
    for (std::uint32_t i = 0; i < layout().files().size(); ++i) {
        const metainfo::File& file = layout().files()[i];
        if (!is_wanted(FileIndex(i)) || (stray != nullptr && are_neighbours(file, *stray)))
            continue;
        auto done = note(walk.status(relative_path(where, i)), found[i]);
        if (!done) return std::unexpected(done.error());
        stray = walk.has_folder() ? nullptr : &file;
    }
    if (where.parts) {
        auto done = note(where.parts->status(parts_name), found.back());
        if (!done) return std::unexpected(done.error());
    }
    return found;
}

Result<void> Storage::check_space(const Survey& found) const {
    ByteCount missing = 0;
    for (std::uint32_t i = 0; i < layout().files().size(); ++i) {
        if (!is_wanted(FileIndex(i))) continue;
        const ByteCount length = layout().files()[i].length;
        missing += length - (found[i] ? std::min(length, found[i]->allocated) : 0);
    }
    const auto root = place().root;
    const auto free = root->free_space();
    if (!free) return std::unexpected(free.error());
    if (missing <= *free) return {};
    return fail(ErrorCode::no_space,
                "'{}' needs {} more, and its disk has {} free; free some space or choose another "
                "folder",
                printable(info_->name()), format_size(missing), format_size(*free));
}

Result<void> Storage::make_folders() {
    const ContentPlace where = place();
    std::set<std::string> folders;
    if (info_->is_folder() && !where.name.empty()) folders.insert(where.name);
    const metainfo::File* last = nullptr;
    for (std::uint32_t i = 0; i < layout().files().size(); ++i) {
        const metainfo::File& file = layout().files()[i];
        // Files come folder by folder.
        if (!is_wanted(FileIndex(i)) || (last != nullptr && are_neighbours(file, *last))) continue;
        last = &file;
        const std::string path = relative_path(where, i);
        for (std::string_view folder = parent_of(path);
             !folder.empty() && folders.emplace(folder).second; folder = parent_of(folder)) {
        }
    }
    for (const std::string& folder : folders) {
        const auto found = where.root->status(folder);
        if (found && found->kind == FileKind::folder) continue;
        if (auto made = where.root->make_folder(folder); !made) return made;
        mark_dirty_folder(folder);
        mark_dirty_folder(parent_of(folder));
    }
    return {};
}

Result<void> Storage::make_files(Survey& found) {
    for (std::uint32_t i = 0; i < layout().files().size(); ++i) {
        if (!is_wanted(FileIndex(i))) continue;
        const ByteCount length = layout().files()[i].length;
        const auto& there = found[i];
        if (there ? there->size == length && there->kind == FileKind::file : length > 0) continue;
        auto file = open_or_create(i, length);
        if (!file) return std::unexpected(file.error());
        if (auto done = (*file)->resize(length); !done) return write_error(done.error(), i);
        mark_dirty(i);
        const auto status = (*file)->status();
        if (!status) return write_error(status.error(), i);
        found[i] = *status;
    }
    return {};
}

Result<FileStatus> Storage::probe(FileIndex file) const {
    const auto opened = open_uncached(file.value(), Access::read);
    if (!opened) return std::unexpected(opened.error());
    return (*opened)->status();
}

std::vector<FileStamp> Storage::stamps() const {
    const std::lock_guard lock(mutex_);
    return stamps_;
}

Result<std::vector<FileStamp>> Storage::look() {
    const auto found = survey();
    if (!found) return std::unexpected(found.error());
    return keep_stamps(*found);
}

std::vector<FileStamp> Storage::keep_stamps(const Survey& found) {
    std::vector<FileStamp> stamps(found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (found[i] && found[i]->kind == FileKind::file) {
            stamps[i] = {found[i]->size, found[i]->modified};
        }
    }
    const std::lock_guard lock(mutex_);
    stamps_ = stamps;
    return stamps;
}

void Storage::mark_dirty(std::uint32_t file) {
    const std::lock_guard lock(mutex_);
    dirty_.set(file);
}

void Storage::mark_dirty_folder(std::string_view folder) {
    const std::lock_guard lock(mutex_);
    // Most files are made where the one before was.
    if (!dirty_folders_.contains(folder)) dirty_folders_.emplace(folder);
}

Result<void> Storage::sync() {
    const std::lock_guard turn(sync_mutex_);
    Bitfield files(parts_ + 1);
    FolderNames folders;
    {
        const std::lock_guard lock(mutex_);
        if (lost_) return std::unexpected(*lost_);
        std::swap(files, dirty_);
        folders.swap(dirty_folders_);
    }
    auto done = sync_all(files, folders);
    if (done) return done;
    const std::lock_guard lock(mutex_);
    lost_ = done.error();
    return done;
}

Result<FileStatus> Storage::status_of(const File& file) {
    auto status = file.status();
    if (status && status->links == 0) return std::unexpected(Error{ErrorCode::not_found, {}});
    return status;
}

Result<FileStatus> Storage::look_at(std::uint32_t file, const ContentPlace& where,
                                    FolderWalk& walk) const {
    // One that is open is quicker to ask than its path.
    if (const auto open = handles_->find({id_, file})) return status_of(*open);
    return walk.status(relative_path(where, file));
}

Result<FileStatus> Storage::sync_file(std::uint32_t file) const {
    // One that was written and is no longer in the cache is opened again: what was written through
    // the other descriptor is flushed all the same.
    const auto opened = open_existing(file);
    if (!opened) return std::unexpected(opened.error());
    if (auto done = (*opened)->sync(); !done) return std::unexpected(done.error());
    return status_of(**opened);
}

Result<void> Storage::sync_files(const Bitfield& files) {
    std::vector<std::uint32_t> numbers;
    numbers.reserve(files.count());
    files.for_each_set(
        [&](std::size_t number) { numbers.push_back(static_cast<std::uint32_t>(number)); });
    // Should it fail, the files themselves tell which of them is at fault.
    const bool flushed = numbers.size() > many_files && place().root->sync_file_system();
    if (!flushed) return settle_files(numbers, false);
    const std::span all(numbers);
    // Nobody hears that a download is complete before this is through.
    auto half = std::async([&] { return settle_files(all.first(all.size() / 2), true); });
    auto rest = settle_files(all.subspan(all.size() / 2), true);
    auto done = half.get();
    return done ? rest : done;
}

Result<void> Storage::settle_files(std::span<const std::uint32_t> files, bool flushed) {
    const ContentPlace where = place();
    FolderWalk walk(where.root);
    std::vector<FileStamp> stamps;
    stamps.reserve(files.size());
    for (const std::uint32_t file : files) {
        const bool looked_at = flushed && file != parts_;
        const auto status = looked_at ? look_at(file, where, walk) : sync_file(file);
        if (!status) return write_error(status.error(), file);
        stamps.push_back({status->size, status->modified});
    }
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < files.size(); ++i) stamps_[files[i]] = stamps[i];
    return {};
}

Result<void> Storage::sync_all(const Bitfield& files, const FolderNames& folders) {
    const ContentPlace where = place();
    if (auto done = sync_files(files); !done) return done;
    if (files[parts_] && where.parts) {
        if (auto done = where.parts->sync(); !done) return write_error(done.error(), parts_);
    }
    for (const std::string& path : folders) {
        auto folder = path.empty() ? Result<std::shared_ptr<Folder>>(where.root)
                                   : where.root->open_folder(path);
        if (!folder) return write_error(folder.error(), 0);
        if (auto done = (*folder)->sync(); !done) return write_error(done.error(), 0);
    }
    const auto root = where.root->status();
    if (!root) return write_error(root.error(), 0);
    if (root->links == 0) return write_error({ErrorCode::not_found, {}}, 0);
    return {};
}

Result<std::shared_ptr<Folder>> Storage::folder_of(const ContentPlace& place,
                                                   std::uint32_t file) const {
    const auto& folder = file == parts_ ? place.parts : place.root;
    if (folder) return folder;
    return fail(ErrorCode::not_found,
                "part of the piece belongs to a file that was not wanted and is not kept");
}

Result<std::shared_ptr<File>> Storage::open_uncached(std::uint32_t file, Access access) const {
    const ContentPlace where = place();
    const auto folder = folder_of(where, file);
    if (!folder) return std::unexpected(folder.error());
    return (*folder)->open(relative_path(where, file), access);
}

Result<std::shared_ptr<File>> Storage::open_existing(std::uint32_t file) const {
    const HandleCache::Key key{id_, file};
    if (auto cached = handles_->find(key)) return cached;
    auto opened = open_uncached(file, writable_ ? Access::write : Access::read);
    if (!opened) return opened;
    return handles_->insert(key, std::move(*opened));
}

Result<std::shared_ptr<File>> Storage::open_or_create(std::uint32_t file, ByteCount end) {
    bool is_new = false;
    {
        // A file that was there and is gone must not come back empty: pieces of it are claimed.
        const std::lock_guard lock(mutex_);
        is_new = stamps_[file].size < 0;
    }
    auto opened = is_new ? create(file, end) : open_existing(file);
    if (!opened) return write_error(opened.error(), file);
    return opened;
}

Result<std::shared_ptr<File>> Storage::create(std::uint32_t file, ByteCount end) {
    const bool is_parts = file == parts_;
    const bool is_program = !is_parts && layout().files()[file].executable;
    const ContentPlace where = place();
    const auto folder = folder_of(where, file);
    if (!folder) return std::unexpected(folder.error());
    const std::string path = relative_path(where, file);
    auto opened = (*folder)->open(path, is_program ? Access::create_program : Access::create);
    if (!opened) return opened;
    const ByteCount length = is_parts ? 0 : layout().files()[file].length;
    if (end < length) {
        if (auto done = (*opened)->resize(length); !done) return std::unexpected(done.error());
    }
    if (!is_parts) mark_dirty_folder(parent_of(path));
    {
        const std::lock_guard lock(mutex_);
        if (stamps_[file].size < 0) stamps_[file] = {length, 0};  // until the next sync
    }
    return handles_->insert({id_, file}, std::move(*opened));
}

}  // namespace shoal::disk
