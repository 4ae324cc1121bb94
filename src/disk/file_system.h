// The only door to the operating system's files, so that tests can pull the plug, fill the disk or
// take a folder away.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "disk/mapping.h"

// Every method may be called from several threads at once. Errors carry these codes:
//   not_found  the file, or a folder on the way to it, does not exist
//   refused    no permission, read-only, exists already, or locked by another process;
//              also a symlink where none may be
//   bad_data   a folder where a file was meant, or the reverse
//   no_space   the disk or the quota is full
//   failed     everything else, such as a read error of the device

namespace shoal::disk {

/// A point in time as files carry it: nanoseconds since 1970.
using FileTime = std::int64_t;

enum class FileKind : std::uint8_t { file, folder, symlink, other };

struct FileStatus {
    FileKind kind = FileKind::file;
    ByteCount size = 0;
    ByteCount allocated = 0;  ///< bytes that take room on the disk; less than size when sparse
    FileTime modified = 0;
    std::uint64_t links = 0;  ///< names that lead to it; 0 once it was deleted under us
    std::uint64_t device = 0;
    std::uint64_t inode = 0;

    [[nodiscard]] bool same_file(const FileStatus& other) const {
        return device == other.device && inode == other.inode;
    }
};

/// An open file. Closed when the last owner lets go, which also lets go of its lock.
class File {
  public:
    virtual ~File() = default;

    /// Fills the buffers one after the other. Returns the bytes read: fewer than asked only where
    /// the file ends.
    virtual Result<std::size_t> read(ByteCount offset, std::span<const MutableBytes> to) const = 0;
    Result<std::size_t> read(ByteCount offset, MutableBytes to) const {
        return read(offset, std::span<const MutableBytes>(&to, 1));
    }
    /// Writes the buffers one after the other: all of them, or an error and an unknown part.
    virtual Result<void> write(ByteCount offset, std::span<const Bytes> from) = 0;
    /// Returns once the content is safe from a power cut (fdatasync). After an error, all that was
    /// written since the last success is in doubt.
    virtual Result<void> sync() = 0;
    virtual Result<void> resize(ByteCount size) = 0;
    virtual Result<FileStatus> status() const = 0;

    /// The first offset at or after the given one that holds data, or that lies in a hole; the end
    /// of the file counts as a hole. Nothing when there is no more data. Where the file system
    /// cannot tell, all of the file is data.
    virtual Result<std::optional<ByteCount>> next_data(ByteCount offset) const = 0;
    virtual Result<std::optional<ByteCount>> next_hole(ByteCount offset) const = 0;

    /// Whether reading this range would not wait for the disk. Never blocks; may be wrong.
    virtual bool is_cached(ByteCount offset, ByteCount length) const = 0;

    /// Has the range read into memory unless it is there. Does not wait; a hint.
    virtual void read_ahead(ByteCount /*offset*/, ByteCount /*length*/) const {}

    /// A range where it lies in memory; empty when it is not all there, or when it cannot be had
    /// so.
    [[nodiscard]] virtual Mapping map(ByteCount /*offset*/, ByteCount /*length*/) const {
        return {};
    }

    /// Takes the file for this process. refused: another process, or another open file, has it.
    virtual Result<void> lock() = 0;
};

enum class Access : std::uint8_t {
    read,           ///< the file must exist
    write,          ///< read and write; the file must exist
    create,         ///< read and write; made when it does not exist
    create_program  ///< the same, and a new file may be executed
};

enum class Existing : std::uint8_t { keep, replace };

/// A folder held open, and all that lies beneath it. Paths are relative, with '/' between their
/// components; one that is empty, absolute or has an empty, "." or ".." component is refused. No
/// symlink is followed anywhere beneath the folder, whoever planted it.
class Folder {
  public:
    virtual ~Folder() = default;

    /// What the user calls it, for messages.
    [[nodiscard]] virtual const std::string& name() const = 0;

    virtual Result<std::shared_ptr<File>> open(std::string_view path, Access access) = 0;
    virtual Result<std::shared_ptr<Folder>> open_folder(std::string_view path) = 0;
    /// Makes the folder and those on the way to it; one that exists already is fine.
    virtual Result<void> make_folder(std::string_view path) = 0;
    /// Of the thing itself, also when it is a symlink.
    virtual Result<FileStatus> status(std::string_view path) = 0;
    /// Of this folder.
    virtual Result<FileStatus> status() = 0;
    virtual Result<std::vector<std::string>> list() = 0;
    /// Moves a file or folder in one step. refused: there is something at the target already, and
    /// it is to be kept.
    virtual Result<void> rename(std::string_view from, Folder& to_folder, std::string_view to,
                                Existing existing) = 0;
    /// Removes a file, a symlink or an empty folder.
    virtual Result<void> remove(std::string_view path) = 0;
    /// Removes whatever is there with all that is in it. Nothing there is fine.
    virtual Result<void> remove_tree(std::string_view path) = 0;
    /// Returns once the names in this folder are safe from a power cut.
    virtual Result<void> sync() = 0;
    /// Returns once all that was written in its file system is, other people's files too: quicker
    /// than to flush many files one by one. unsupported: the system cannot, or does not tell of
    /// errors.
    virtual Result<void> sync_file_system() = 0;
    /// Bytes that may still be written.
    virtual Result<ByteCount> free_space() = 0;
};

class FileSystem {
  public:
    virtual ~FileSystem() = default;

    /// Opens a folder that the user named; symlinks on the way to it are followed. With create,
    /// it and those above it are made when they do not exist.
    virtual Result<std::shared_ptr<Folder>> open_folder(const std::filesystem::path& path,
                                                        bool create) = 0;
    /// Of what a path that the user named leads to.
    virtual Result<FileStatus> status(const std::filesystem::path& path) = 0;
    /// The path with all symlinks and ".." resolved. It must exist.
    virtual Result<std::filesystem::path> resolve(const std::filesystem::path& path) = 0;
    /// The clock that FileStatus::modified goes by.
    virtual FileTime now() = 0;
};

/// How names beneath a folder are resolved.
enum class Resolve : std::uint8_t {
    best,  ///< in one step by the kernel where it can (openat2), otherwise as `walk`
    walk,  ///< component by component
};

std::shared_ptr<FileSystem> native_file_system(Resolve resolve = Resolve::best);

/// Whether a relative path may be used beneath a Folder.
bool is_plain_path(std::string_view path);

}  // namespace shoal::disk
