#include "node/uploads.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "base/random.h"
#include "base/text.h"
#include "catalogue/names.h"
#include "metainfo/path.h"

namespace shoal::node {
namespace {

namespace fs = std::filesystem;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
using FolderPtr = std::shared_ptr<disk::Folder>;

constexpr Duration longest_silence = 1h;
constexpr ByteCount largest_file = ByteCount{1} << 50;
constexpr std::string_view former_name = ".former";  ///< what is replaced, until it is removed

std::string new_id() {
    std::array<std::byte, 16> random{};
    secure_random(random);
    return to_hex(random);
}

std::unexpected<Error> no_such_upload() {
    return fail(ErrorCode::not_found,
                "there is no such upload: it was completed, cancelled, or "
                "silent for too long");
}

Error name_taken(const std::string& name) {
    return {ErrorCode::refused,
            fmt::format("'{}' is in the shared folder already: choose another name, or replace it",
                        printable(name))};
}

Result<void> check_name(const std::string& name) {
    if (auto good = catalogue::check_shared_name(name); !good) return good;
    if (!name.starts_with('.')) return {};
    return fail(ErrorCode::usage, "a name that begins with a dot is not shared");
}

/// The path as it may stand on the disk.
Result<std::vector<std::string>> components_of(const std::string& path) {
    std::vector<std::string_view> parts;
    for (std::string_view rest = path; !rest.empty();) {
        const std::size_t slash = rest.find('/');
        parts.push_back(rest.substr(0, slash));
        rest = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    }
    return metainfo::safe_path(parts);
}

/// Replaces the paths by those on the disk, beneath the upload's own folder.
Result<void> settle_files(NewUpload& upload) {
    if (auto good = check_name(upload.name); !good) return good;
    if (upload.files.empty()) return fail(ErrorCode::usage, "there is no file to put up");
    if (upload.files.size() == 1 && upload.files[0].path.empty()) {
        upload.files[0].path = upload.name;
        return {};
    }
    std::vector<metainfo::File> files;
    for (const UploadFile& file : upload.files) {
        auto path = components_of(file.path);
        if (!path) return prefix(fmt::format("'{}'", printable(file.path)), path.error());
        files.push_back({.path = std::move(*path), .length = file.size});
    }
    if (auto good = metainfo::settle_paths(files); !good) return good;
    for (std::size_t i = 0; i < files.size(); ++i) {
        upload.files[i].path = upload.name + "/" + metainfo::join_path(files[i].path);
    }
    return {};
}

/// Whether something has the name in a folder.
Result<bool> exists(disk::Folder& folder, const std::string& name) {
    const auto status = folder.status(name);
    if (status) return true;
    if (status.error().code == ErrorCode::not_found) return false;
    return std::unexpected(status.error());
}

struct Places {
    FolderPtr shared;
    FolderPtr own;  ///< of the upload
};

/// Blocks on the disk.
Result<Places> open_places(disk::FileSystem& files, const fs::path& shared, const std::string& id,
                           const NewUpload& upload, ByteCount bytes) {
    auto top = files.open_folder(shared, false);
    if (!top) return std::unexpected(top.error());
    const auto taken = exists(**top, upload.name);
    if (!taken) return std::unexpected(taken.error());
    if (*taken && !upload.replace) return std::unexpected(name_taken(upload.name));
    const auto space = (*top)->free_space();
    if (!space) return std::unexpected(space.error());
    if (*space < bytes) {
        return fail(ErrorCode::no_space, "'{}' does not fit: {} are free where files are shared",
                    printable(upload.name), format_size(*space));
    }
    const std::string path = fmt::format("{}/{}", Uploads::folder_name, id);
    if (auto made = (*top)->make_folder(path); !made) return std::unexpected(made.error());
    auto own = (*top)->open_folder(path);
    if (!own) return std::unexpected(own.error());
    return Places{std::move(*top), std::move(*own)};
}

Result<std::shared_ptr<disk::File>> open_file(disk::Folder& folder, const std::string& path) {
    if (const auto slash = path.rfind('/'); slash != std::string::npos) {
        if (auto made = folder.make_folder(path.substr(0, slash)); !made) {
            return std::unexpected(made.error());
        }
    }
    return folder.open(path, disk::Access::create);
}

Result<void> write_part(disk::Folder& folder, const std::string& path, ByteCount offset,
                        const std::string& bytes) {
    const auto file = open_file(folder, path);
    if (!file) return std::unexpected(file.error());
    const Bytes part = bytes_of(bytes);
    return (*file)->write(offset, std::span(&part, 1));
}

void remove_places(const Places& places, const std::string& id) {
    const std::string path = fmt::format("{}/{}", Uploads::folder_name, id);
    if (const auto gone = places.shared->remove_tree(path); !gone) {
        spdlog::warn("what was put up cannot be removed: {}", gone.error().message);
    }
    // Others may be in it.
    [[maybe_unused]] const auto all = places.shared->remove(Uploads::folder_name);
}

/// Makes the empty files, and moves the whole into its place.
Result<void> move_into_place(const Places& places, const NewUpload& upload) {
    for (const UploadFile& file : upload.files) {
        if (file.size > 0) continue;
        if (const auto made = open_file(*places.own, file.path); !made) {
            return std::unexpected(made.error());
        }
    }
    const auto taken = exists(*places.shared, upload.name);
    if (!taken) return std::unexpected(taken.error());
    if (*taken && !upload.replace) return std::unexpected(name_taken(upload.name));
    const auto keep = disk::Existing::keep;
    if (*taken) {
        auto away = places.shared->rename(upload.name, *places.own, former_name, keep);
        if (!away) return away;
    }
    auto moved = places.own->rename(upload.name, *places.shared, upload.name, keep);
    if (!moved && *taken) {
        const auto back = places.own->rename(former_name, *places.shared, upload.name, keep);
        if (!back) spdlog::error("'{}' was not put back", printable(upload.name));
    }
    return moved;
}

}  // namespace

struct Uploads::Upload {
    NewUpload wanted;
    std::vector<ByteCount> received;  ///< by file
    Places places;
    TimePoint touched = Clock::now();
    int writing = 0;  ///< parts that the disk has
    bool ending = false;
    std::vector<bool> busy;  ///< by file: a part of it is being written
};

void Uploads::clear() {
    const auto top = session_.files()->open_folder(shared_, false);
    if (!top) return;
    if (const auto gone = (*top)->remove_tree(folder_name); !gone) {
        spdlog::warn("what was put up before cannot be removed: {}", gone.error().message);
    }
}

ByteCount Uploads::outstanding() const {
    ByteCount bytes = 0;
    for (const auto& [id, upload] : uploads_) {
        for (std::size_t i = 0; i < upload->received.size(); ++i) {
            bytes += upload->wanted.files[i].size - upload->received[i];
        }
    }
    return bytes;
}

awaitable<Result<std::string>> Uploads::begin(NewUpload wanted) {
    if (wanted.files.size() > max_files) {
        co_return fail(ErrorCode::usage, "more than {} files cannot be put up at once", max_files);
    }
    if (auto good = settle_files(wanted); !good) co_return std::unexpected(good.error());
    ByteCount bytes = outstanding();
    for (const UploadFile& file : wanted.files) {
        if (file.size < 0 || file.size > largest_file) {
            co_return fail(ErrorCode::usage, "no file has that size");
        }
        bytes = std::min(bytes + file.size, 2 * largest_file);
    }
    if (uploads_.size() >= max_uploads) {
        co_return fail(ErrorCode::refused, "{} uploads are under way: complete or cancel one",
                       max_uploads);
    }
    std::string id = new_id();
    const auto upload = std::make_shared<Upload>();
    upload->received.assign(wanted.files.size(), 0);
    upload->busy.assign(wanted.files.size(), false);
    upload->wanted = std::move(wanted);
    upload->ending = true;  // until its folder is there
    uploads_[id] = upload;
    auto work = [files = session_.files(), shared = shared_, id, upload, bytes] {
        return open_places(*files, shared, id, upload->wanted, bytes);
    };
    auto places = co_await session_.disk().run<Places>(std::move(work), use_awaitable);
    if (!places) {
        uploads_.erase(id);
        co_return std::unexpected(places.error());
    }
    upload->places = std::move(*places);
    upload->ending = false;
    co_return id;
}

const NewUpload* Uploads::find(const std::string& id) const {
    const auto found = uploads_.find(id);
    return found == uploads_.end() ? nullptr : &found->second->wanted;
}

Result<Uploads::UploadPtr> Uploads::idle(const std::string& id) const {
    const auto found = uploads_.find(id);
    if (found == uploads_.end() || found->second->ending) return no_such_upload();
    return found->second;
}

awaitable<std::expected<void, UploadRefusal>> Uploads::write(std::string id, std::size_t file,
                                                             ByteCount offset, std::string bytes) {
    const auto found = idle(id);
    if (!found) co_return std::unexpected(UploadRefusal{found.error()});
    const UploadPtr& upload = *found;
    if (file >= upload->received.size()) {
        co_return std::unexpected(UploadRefusal{{ErrorCode::usage, "there is no such file in it"}});
    }
    const auto size = static_cast<ByteCount>(bytes.size());
    const ByteCount expected = upload->received[file];
    if (offset != expected || upload->busy[file]) {
        co_return std::unexpected(UploadRefusal{
            {ErrorCode::refused, fmt::format("the next bytes are those from {}", expected)},
            expected});
    }
    if (size > upload->wanted.files[file].size - offset) {
        co_return std::unexpected(
            UploadRefusal{{ErrorCode::usage, "the file was announced to be smaller"}});
    }
    upload->busy[file] = true;
    ++upload->writing;
    upload->touched = Clock::now();
    auto work = [upload, file, offset, bytes = std::move(bytes)] {
        return write_part(*upload->places.own, upload->wanted.files[file].path, offset, bytes);
    };
    const auto written = co_await session_.disk().run<void>(std::move(work), use_awaitable);
    upload->busy[file] = false;
    --upload->writing;
    upload->touched = Clock::now();
    if (!written) co_return std::unexpected(UploadRefusal{written.error()});
    upload->received[file] += size;
    co_return std::expected<void, UploadRefusal>();
}

awaitable<Result<fs::path>> Uploads::complete(std::string id) {
    const auto found = idle(id);
    if (!found) co_return std::unexpected(found.error());
    const UploadPtr& upload = *found;
    for (std::size_t i = 0; i < upload->received.size(); ++i) {
        const UploadFile& file = upload->wanted.files[i];
        if (upload->received[i] == file.size && !upload->busy[i]) continue;
        co_return fail(ErrorCode::refused, "'{}' is not here yet: {} of {} bytes are",
                       printable(file.path), upload->received[i], file.size);
    }
    upload->ending = true;
    auto work = [upload, id]() -> Result<void> {
        if (auto moved = move_into_place(upload->places, upload->wanted); !moved) return moved;
        remove_places(upload->places, id);
        return {};
    };
    // Whoever asked may be gone by then: nothing is waited for after it.
    const auto moved = co_await session_.disk().run<void>(std::move(work), use_awaitable);
    if (!moved) {
        upload->ending = false;
        co_return std::unexpected(moved.error());
    }
    uploads_.erase(id);
    co_return shared_ / upload->wanted.name;
}

awaitable<Result<void>> Uploads::cancel(std::string id) {
    const auto found = idle(id);
    if (!found) co_return std::unexpected(found.error());
    if ((*found)->writing > 0) {
        co_return fail(ErrorCode::refused, "a part of it is being written: try again");
    }
    (*found)->ending = true;
    co_await forget(std::move(id));
    co_return Result<void>();
}

awaitable<void> Uploads::forget(std::string id) {
    const UploadPtr upload = uploads_.at(id);
    auto work = [upload, id]() -> Result<void> {
        remove_places(upload->places, id);
        return {};
    };
    co_await session_.disk().run<void>(std::move(work), use_awaitable);
    uploads_.erase(id);
}

void Uploads::tick(TimePoint now) {
    for (const auto& [id, upload] : uploads_) {
        const bool silent = now - upload->touched > longest_silence;
        if (!silent || upload->ending || upload->writing > 0) continue;
        upload->ending = true;
        boost::asio::co_spawn(session_.executor(), forget(id), boost::asio::detached);
    }
}

}  // namespace shoal::node
