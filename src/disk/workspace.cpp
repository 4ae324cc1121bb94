#include "disk/workspace.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/text.h"

namespace shoal::disk {
namespace {

constexpr std::string_view content_name = "content";
constexpr std::string_view record_name = "record";
constexpr std::string_view torrent_name = "torrent";
constexpr std::string_view lock_name = "lock";

std::string content_path(const metainfo::Info& info) {
    return fmt::format("{}/{}", content_name, info.name());
}

std::string new_name(std::string_view name) {
    return fmt::format("{}.new", name);
}

/// Opens the folder beneath another one, made first when it does not exist.
Result<std::shared_ptr<Folder>> open_or_make(Folder& parent, std::string_view name) {
    auto opened = parent.open_folder(name);
    if (opened || opened.error().code != ErrorCode::not_found) return opened;
    if (auto done = parent.make_folder(name); !done) return std::unexpected(done.error());
    if (auto done = parent.sync(); !done) return std::unexpected(done.error());
    return parent.open_folder(name);
}

/// Takes the lock file of a workspace. Nothing when the workspace was removed meanwhile.
Result<std::shared_ptr<File>> take_lock(Folder& folder) {
    auto file = folder.open(lock_name, Access::create);
    if (!file) return file;
    if (auto done = (*file)->lock(); !done) {
        if (done.error().code != ErrorCode::refused) return std::unexpected(done.error());
        return fail(ErrorCode::refused,
                    "another process is downloading this torrent to the same folder ('{}'); let "
                    "it finish or stop it first",
                    printable(folder.name()));
    }
    const auto mine = (*file)->status();
    const auto there = folder.status(lock_name);
    if (!mine) return std::unexpected(mine.error());
    if (!there || !mine->same_file(*there)) return std::shared_ptr<File>();
    return file;
}

}  // namespace

Workspace::Workspace(std::shared_ptr<FileSystem> files, std::shared_ptr<Folder> directory,
                     std::shared_ptr<Folder> progress, std::shared_ptr<Folder> folder,
                     std::shared_ptr<File> lock, const InfoHash& info_hash)
    : files_(std::move(files)),
      directory_(std::move(directory)),
      progress_(std::move(progress)),
      folder_(std::move(folder)),
      lock_(std::move(lock)),
      info_hash_(info_hash) {}

Result<std::unique_ptr<Workspace>> Workspace::open(std::shared_ptr<FileSystem> files,
                                                   const std::filesystem::path& directory,
                                                   const InfoHash& info_hash) {
    auto top = files->open_folder(directory, true);
    if (!top) return std::unexpected(top.error());
    // Another process may be about to remove the same workspace: then it is made anew.
    for (int attempt = 0; attempt < 16; ++attempt) {
        auto progress = open_or_make(**top, folder_name);
        if (!progress) {
            if (progress.error().code == ErrorCode::not_found) continue;
            return std::unexpected(progress.error());
        }
        auto folder = open_or_make(**progress, info_hash.hex());
        auto lock = folder ? take_lock(**folder)
                           : Result<std::shared_ptr<File>>(std::unexpected(folder.error()));
        if (!lock && lock.error().code != ErrorCode::not_found) {
            return std::unexpected(lock.error());
        }
        if (!lock || !*lock) continue;
        return std::unique_ptr<Workspace>(new Workspace(std::move(files), std::move(*top),
                                                        std::move(*progress), std::move(*folder),
                                                        std::move(*lock), info_hash));
    }
    return fail(ErrorCode::failed, "cannot keep a folder in '{}/{}': something removes it",
                printable(directory.native()), folder_name);
}

Result<std::vector<InfoHash>> Workspace::list(FileSystem& files,
                                              const std::filesystem::path& directory) {
    std::vector<InfoHash> found;
    const auto folder = files.open_folder(directory / folder_name, false);
    if (!folder && folder.error().code == ErrorCode::not_found) return found;
    if (!folder) return std::unexpected(folder.error());
    const auto names = (*folder)->list();
    if (!names) return std::unexpected(names.error());
    for (const std::string& name : *names) {
        const auto hash = from_hex(name);
        if (hash && hash->size() == InfoHash::size) found.push_back(InfoHash::from(*hash));
    }
    return found;
}

Result<bool> Workspace::exists(Folder& folder, std::string_view path) const {
    const auto found = folder.status(path);
    if (found) return true;
    if (found.error().code == ErrorCode::not_found) return false;
    return std::unexpected(found.error());
}

Result<Standing> Workspace::standing(std::shared_ptr<const metainfo::Info> info,
                                     const std::string& target) {
    const auto content = exists(*folder_, content_path(*info));
    if (!content) return std::unexpected(content.error());
    const auto taken = exists(*directory_, target);
    if (!taken) return std::unexpected(taken.error());
    if (*content) return *taken ? Standing::name_taken : Standing::begun;

    std::string doubt;
    const auto record = read_record(*info, doubt);
    if (!record) return std::unexpected(record.error());
    if (!*taken) return *record ? Standing::begun : Standing::fresh;
    if (!*record) return Standing::name_taken;
    const auto whole = stands_whole(std::move(info), **record, target);
    if (!whole) return std::unexpected(whole.error());
    return *whole ? Standing::published : Standing::name_taken;
}

Result<bool> Workspace::stands_whole(std::shared_ptr<const metainfo::Info> info,
                                     const Record& record, const std::string& target) const {
    Storage there(std::move(info), {directory_, target, nullptr},
                  {.writable = false, .wanted = record.wanted, .handles = nullptr});
    for (std::uint32_t i = 0; i < there.layout().piece_count(); ++i) {
        const PieceIndex piece(i);
        if (there.is_wanted(piece) && !record.progress.pieces[piece]) return false;
    }
    const auto stamps = there.look();
    if (!stamps) {
        // Something that cannot be looked at is not what we put there.
        if (stamps.error().code == ErrorCode::failed) return std::unexpected(stamps.error());
        return false;
    }
    for (std::uint32_t i = 0; i < record.wanted.size(); ++i) {
        const ByteCount size = (*stamps)[i].size;
        if (record.wanted[i] && size != there.layout().files()[i].length) return false;
    }
    return true;
}

Result<std::optional<ByteVector>> Workspace::read_whole(std::string_view name,
                                                        ByteCount limit) const {
    const auto file = folder_->open(name, Access::read);
    if (!file && file.error().code == ErrorCode::not_found) return std::optional<ByteVector>();
    if (!file) return std::unexpected(file.error());
    const auto status = (*file)->status();
    if (!status) return std::unexpected(status.error());
    // More than the limit is read only as far as shows that it is too much.
    ByteVector bytes(static_cast<std::size_t>(std::min(status->size, limit + 1)));
    const auto got = (*file)->read(0, bytes);
    if (!got) return std::unexpected(got.error());
    bytes.resize(*got);
    return std::optional(std::move(bytes));
}

Result<void> Workspace::write_whole(std::string_view name, Bytes bytes) {
    const std::string fresh = new_name(name);
    const auto write = [&]() -> Result<void> {
        const auto file = folder_->open(fresh, Access::create);
        if (!file) return std::unexpected(file.error());
        if (auto done = (*file)->resize(0); !done) return done;
        if (auto done = (*file)->write(0, std::span(&bytes, 1)); !done) return done;
        if (auto done = (*file)->sync(); !done) return done;
        return folder_->rename(fresh, *folder_, name, Existing::replace);
    };
    if (auto done = write(); !done) {
        // The old one stays; what was begun of the new one only takes room.
        [[maybe_unused]] const auto removed = folder_->remove(fresh);
        if (done.error().code != ErrorCode::not_found) return done;
        return fail(ErrorCode::failed, "the folder '{}' has vanished; put it back and start again",
                    printable(folder_->name()));
    }
    return folder_->sync();
}

Result<std::optional<ByteVector>> Workspace::torrent() const {
    return read_whole(torrent_name, static_cast<ByteCount>(metainfo::max_torrent_bytes));
}

Result<void> Workspace::keep_torrent(Bytes torrent) {
    return write_whole(torrent_name, torrent);
}

Result<std::optional<Record>> Workspace::read_record(const metainfo::Info& info,
                                                     std::string& doubt) const {
    const ByteCount limit = 1024 + info.layout().piece_count() +
                            static_cast<ByteCount>(info.layout().files().size() + 1) * 17;
    const auto bytes = read_whole(record_name, limit);
    if (!bytes) return std::unexpected(bytes.error());
    if (!*bytes) return std::optional<Record>();
    auto record = decode_record(**bytes, info);
    if (record) return std::optional(std::move(*record));
    doubt = record.error().message;
    return std::optional<Record>();
}

Result<std::shared_ptr<Storage>> Workspace::open_storage(std::shared_ptr<const metainfo::Info> info,
                                                         StorageOptions options) {
    auto content = open_or_make(*folder_, content_name);
    if (!content) return std::unexpected(content.error());
    const std::string name = info->name();
    auto storage = std::make_shared<Storage>(
        std::move(info), ContentPlace{std::move(*content), name, folder_}, std::move(options));

    std::string doubt;
    auto record = read_record(storage->info(), doubt);
    if (!record) return std::unexpected(record.error());
    const bool changed = *record && (*record)->wanted != storage->wanted_files();
    if (changed) {
        if (auto done = storage->change_wanted((*record)->wanted); !done) {
            return std::unexpected(done.error());
        }
    }
    if (auto done = storage->prepare(); !done) return std::unexpected(done.error());
    if (changed) {
        // From here on the record speaks of files that have moved: it has to follow.
        (*record)->progress.clean = false;
        if (auto done = save(*storage, (*record)->progress); !done) {
            return std::unexpected(done.error());
        }
    }
    return storage;
}

Result<ResumePlan> Workspace::load(Storage& storage, Random& random) {
    std::string doubt;
    const auto record = read_record(storage.info(), doubt);
    if (!record) return std::unexpected(record.error());
    auto plan = plan_resume(*record ? &**record : nullptr, storage, random);
    if (!plan) return plan;
    if (!doubt.empty()) plan->doubt = doubt;
    if (*record) {
        const std::lock_guard lock(save_mutex_);
        generation_ = std::max(generation_, (*record)->generation);
    }
    return plan;
}

Result<void> Workspace::save(Storage& storage, const Progress& progress) {
    const std::lock_guard turn(save_mutex_);
    if (auto done = storage.sync(); !done) return done;
    Record record;
    record.info_hash = info_hash_;
    record.generation = ++generation_;
    record.saved_at = files_->now();
    record.progress = progress;
    record.wanted = storage.wanted_files();
    record.stamps = storage.stamps();
    return write_whole(record_name, encode_record(record));
}

Result<void> Workspace::publish(Storage& storage, const Progress& progress,
                                const std::string& target) {
    if (auto done = save(storage, progress); !done) return done;
    const std::string from = content_path(storage.info());
    const auto moved = folder_->rename(from, *directory_, target, Existing::keep);
    if (!moved && moved.error().code == ErrorCode::refused) {
        return fail(ErrorCode::refused,
                    "cannot put the finished download in its place: {}; it is whole and waits in "
                    "'{}'",
                    moved.error().message, printable(folder_->name() + "/" + from));
    }
    if (!moved) return moved;
    storage.relocate({directory_, target, nullptr});
    return settle();
}

Result<std::shared_ptr<Storage>> Workspace::adopt(std::shared_ptr<const metainfo::Info> info,
                                                  const std::string& target,
                                                  std::shared_ptr<HandleCache> handles) {
    std::string doubt;
    auto record = read_record(*info, doubt);
    if (!record) return std::unexpected(record.error());
    if (!*record) return fail(ErrorCode::not_found, "there is no record of '{}'", target);
    auto storage = std::make_shared<Storage>(
        std::move(info), ContentPlace{directory_, target, nullptr},
        StorageOptions{
            .writable = false, .wanted = (*record)->wanted, .handles = std::move(handles)});
    if (auto done = settle(); !done) return std::unexpected(done.error());
    return storage;
}

Result<void> Workspace::take_back(const metainfo::Info& info, const std::string& target) {
    const auto taken = exists(*folder_, content_path(info));
    if (!taken) return std::unexpected(taken.error());
    const auto there = exists(*directory_, target);
    if (!there) return std::unexpected(there.error());
    if (*taken || !*there) return {};
    auto content = open_or_make(*folder_, content_name);
    if (!content) return std::unexpected(content.error());
    auto moved = directory_->rename(target, **content, info.name(), Existing::keep);
    if (!moved) return moved;
    if (auto done = (*content)->sync(); !done) return done;
    return directory_->sync();
}

Result<void> Workspace::settle() {
    if (auto done = directory_->sync(); !done) return done;
    if (const auto content = folder_->open_folder(content_name)) {
        if (auto done = (*content)->sync(); !done) return done;
    }
    return discard();
}

Result<void> Workspace::discard() {
    // The record goes last: as long as it is there, a next start knows what this was.
    const auto names = folder_->list();
    if (!names) return std::unexpected(names.error());
    for (const std::string& name : *names) {
        if (name == record_name || name == lock_name) continue;
        if (auto done = folder_->remove_tree(name); !done) return done;
    }
    if (auto done = folder_->remove_tree(record_name); !done) return done;
    if (auto done = folder_->remove_tree(lock_name); !done) return done;
    lock_.reset();
    // Neither is there to be removed any more when another process has begun the same download, or
    // other downloads are under way: then the folder is not empty.
    [[maybe_unused]] const auto own = progress_->remove(info_hash_.hex());
    [[maybe_unused]] const auto all = directory_->remove(folder_name);
    return {};
}

}  // namespace shoal::disk
