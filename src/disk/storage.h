// The content of one torrent on disk: pieces go in and out, files, padding and missing parts are
// its own affair.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/bitfield.h"
#include "base/error.h"
#include "base/ids.h"
#include "disk/file_system.h"
#include "disk/handle_cache.h"
#include "metainfo/metainfo.h"
#include "metainfo/verdict.h"

namespace shoal::disk {

class FolderWalk;

/// Whether an error of reading says that the bytes are not there, and not that they cannot be read.
bool is_absence(const Error& error);

/// A run of bytes of the torrent as it lies on disk.
struct Extent {
    std::shared_ptr<File> file;  ///< none: the bytes are zeros (padding)
    ByteCount offset = 0;
    ByteCount length = 0;
};

/// What a file was like when it was last looked at.
struct FileStamp {
    ByteCount size = -1;  ///< -1: not there
    FileTime modified = 0;
    bool operator==(const FileStamp&) const = default;
};

/// Where a torrent's content lies.
struct ContentPlace {
    std::shared_ptr<Folder> root;
    /// Of the file or folder beneath root; the torrent's own unless the user renamed it. Empty:
    /// root is itself the torrent's folder.
    std::string name;
    /// Where bytes of files that are not wanted go (a sparse file `parts`). None: they are refused.
    std::shared_ptr<Folder> parts;
};

struct StorageOptions {
    bool writable = true;
    std::vector<bool> wanted;  ///< by file; empty: all
    /// Shared by all torrents of a process, so that their open files together are bounded; one of
    /// its own when none is given.
    std::shared_ptr<HandleCache> handles;
};

/// All methods may be called from several threads at once and block on the disk, unless they say
/// otherwise. Offsets and lengths count bytes; a range must lie inside its piece.
///
/// When writing fails, the error's code is no_space, refused (no permission, a symlink in the way)
/// or failed, and its message says what to do. What was written stays as it was; the same object
/// goes on working once the cause is gone. When sync() has failed, though, it fails for good: what
/// the system lost cannot be told from what it has kept, so the content has to be opened and
/// checked anew.
class Storage {
  public:
    /// Does not touch the disk.
    Storage(std::shared_ptr<const metainfo::Info> info, ContentPlace place,
            StorageOptions options = {});
    ~Storage();
    Storage(const Storage&) = delete;
    Storage& operator=(const Storage&) = delete;

    /// Never blocks.
    [[nodiscard]] const metainfo::Info& info() const { return *info_; }
    [[nodiscard]] const std::shared_ptr<const metainfo::Info>& shared_info() const { return info_; }
    [[nodiscard]] const metainfo::Layout& layout() const { return info_->layout(); }
    /// Whether a file is to stand under its name. False for padding.
    [[nodiscard]] bool is_wanted(FileIndex file) const;
    /// Whether any byte of the piece belongs to a wanted file.
    [[nodiscard]] bool is_wanted(PieceIndex piece) const;
    /// Whether the piece has bytes of files that are not wanted. Such a piece cannot be read any
    /// more once the download was moved into place.
    [[nodiscard]] bool needs_parts(PieceIndex piece) const;

    /// Before the first write: makes the folders and the empty files, and brings files that are
    /// there to their length. The others are made, sparse, when they are first written to.
    /// no_space: what is missing does not fit.
    Result<void> prepare();

    /// Writes the buffers, which follow each other, with one call of the system a file. Padding is
    /// left out. The range counts as not synced until sync().
    Result<void> write(PieceIndex piece, std::uint32_t offset, std::span<const Bytes> buffers);

    /// Reads all of the range. not_found: a file is not there; bad_data: a file was cut short.
    Result<void> read(PieceIndex piece, std::uint32_t offset, MutableBytes to) const;

    /// The same bytes by where they lie, in order. Opens files, but reads nothing: a file that was
    /// cut short shows when it is sent.
    Result<std::vector<Extent>> extents(const BlockRange& range) const;

    /// Brings the range into memory, so that sending it does not wait. Errors as of read().
    Result<void> warm(const BlockRange& range) const;
    /// Whether all of these are in memory already. Never blocks; may be wrong.
    static bool is_warm(std::span<const Extent> extents);

    /// Has the range read into memory unless it is there. Opens files, but does not wait for them
    /// to be read.
    void read_ahead(const BlockRange& range) const;

    /// Whether anything of the piece was ever written, as far as the file system can tell.
    Result<bool> has_data(PieceIndex piece) const;
    /// The same for all pieces, file by file. Of the files that stamps() tells of.
    Result<Bitfield> pieces_with_data() const;

    /// Returns once all that was written before the call is safe from a power cut, with the names
    /// of the files that it lies in. failed also when files were deleted while they were open.
    Result<void> sync();

    /// What a wanted file is like, after opening it for reading; not_found, refused, bad_data.
    Result<FileStatus> probe(FileIndex file) const;

    /// What the files are like: as of prepare(), and of the last sync() for those written since.
    /// Of files that are not wanted: not there. The last one stands for `parts`.
    [[nodiscard]] std::vector<FileStamp> stamps() const;
    /// Looks at all files anew and returns what stamps() returns from then on.
    Result<std::vector<FileStamp>> look();

    /// Brings what is there of each file to where it belongs now: files that have become wanted
    /// out of `parts`, and the others into it. before: what was wanted then, by file. To be called
    /// before prepare().
    Result<void> change_wanted(const std::vector<bool>& before);
    [[nodiscard]] std::vector<bool> wanted_files() const;

    /// Goes on at another place, where the content was moved to. Open files stay open.
    void relocate(ContentPlace place);
    /// Closes all files.
    void close();

    /// Bytes where they lie in memory; empty when they are not all there, or not in one file.
    [[nodiscard]] Mapping map(const BlockRange& range) const;

    /// For messages: what the user calls the file.
    [[nodiscard]] std::string path_of(FileIndex file) const;

  private:
    /// A run of bytes in one file, or of zeros.
    struct Run {
        std::uint32_t file = 0;  ///< its number, or parts_, or zeros_id
        ByteCount offset = 0;
        ByteCount length = 0;
    };
    static constexpr std::uint32_t zeros_id = 0xffffffff;

    [[nodiscard]] ContentPlace place() const;
    [[nodiscard]] std::string relative_path(const ContentPlace& place, std::uint32_t file) const;
    [[nodiscard]] std::string shown_path(std::uint32_t file) const;
    [[nodiscard]] std::vector<Run> runs(const BlockRange& range) const;
    [[nodiscard]] std::unexpected<Error> write_error(const Error& error, std::uint32_t file) const;

    [[nodiscard]] Result<std::shared_ptr<Folder>> folder_of(const ContentPlace& place,
                                                            std::uint32_t file) const;
    Result<std::shared_ptr<File>> open_uncached(std::uint32_t file, Access access) const;
    Result<std::shared_ptr<File>> open_existing(std::uint32_t file) const;
    /// For a write that ends at `end` in the file.
    Result<std::shared_ptr<File>> open_or_create(std::uint32_t file, ByteCount end);
    Result<std::shared_ptr<File>> create(std::uint32_t file, ByteCount end);
    Result<void> write_run(const Run& run, std::span<const Bytes> from);
    Result<void> read_run(const Run& run, MutableBytes to) const;
    void mark_dirty(std::uint32_t file);
    void mark_dirty_folder(std::string_view folder);

    /// What the wanted files are like, by file, and at last `parts`; none for those that are not
    /// there.
    using Survey = std::vector<std::optional<FileStatus>>;
    using FolderNames = std::set<std::string, std::less<>>;

    [[nodiscard]] Result<Survey> survey() const;
    std::vector<FileStamp> keep_stamps(const Survey& found);
    Result<void> make_folders();
    Result<void> make_files(Survey& found);
    Result<void> check_space(const Survey& found) const;
    Result<void> sync_all(const Bitfield& files, const FolderNames& folders);
    Result<void> sync_files(const Bitfield& files);
    /// Takes the stamps of files anew, and flushes each unless that was done.
    Result<void> settle_files(std::span<const std::uint32_t> files, bool flushed);
    /// not_found: its name was removed.
    static Result<FileStatus> status_of(const File& file);
    Result<FileStatus> look_at(std::uint32_t file, const ContentPlace& where,
                               FolderWalk& walk) const;
    Result<FileStatus> sync_file(std::uint32_t file) const;
    Result<void> mark_data(std::uint32_t file, ByteCount torrent_offset, Bitfield& found) const;
    Result<void> copy_data(const Run& from, std::uint32_t to, ByteCount to_offset);

    const std::shared_ptr<const metainfo::Info> info_;
    const bool writable_;
    const std::vector<bool> wanted_;
    const std::shared_ptr<HandleCache> handles_;
    const std::uint64_t id_;     ///< of this storage in the handle cache
    const std::uint32_t parts_;  ///< the number of `parts`, which comes after the files

    std::mutex sync_mutex_;  ///< held during sync(): syncs take turns, nothing else waits for it

    mutable std::mutex mutex_;  ///< never held during I/O; guards what follows
    ContentPlace place_;
    Bitfield dirty_;             ///< files written since the last sync
    FolderNames dirty_folders_;  ///< where names were made since then
    std::vector<FileStamp> stamps_;
    std::optional<Error> lost_;  ///< why sync() fails for good
};

}  // namespace shoal::disk
