// Where a download lives until it is whole: DIR/.progress/<info hash>/ holds its content, its
// record and its torrent, and one rename moves the content to its place in DIR.
//
//   content/   the file or folder under the torrent's name, and nothing else
//   parts      bytes of files that are not wanted, at their offset in the torrent (sparse)
//   record     progress (docs/resume-format.md); record.new while it is written
//   torrent    the .torrent file, so that a download by magnet link goes on without its peers
//   lock       held by the process that works here
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "disk/file_system.h"
#include "disk/resume.h"
#include "disk/storage.h"

namespace shoal::disk {

/// How far a download got in an earlier run.
enum class Standing : std::uint8_t {
    fresh,       ///< nothing is there: open_storage()
    begun,       ///< goes on: open_storage(), then load()
    published,   ///< moved into place by a run that ended before it had tidied up: adopt()
    name_taken,  ///< something else stands where the content is to go
};

/// Methods block on the disk. Thread-safe, but for publish(), adopt() and discard(), after whose
/// success nothing else may be called.
class Workspace {
  public:
    static constexpr std::string_view folder_name = ".progress";

    /// Opens or makes the workspace of a torrent whose content is to stand in `directory`, which is
    /// made when it does not exist. refused: another process works on the same download, or no
    /// permission.
    static Result<std::unique_ptr<Workspace>> open(std::shared_ptr<FileSystem> files,
                                                   const std::filesystem::path& directory,
                                                   const InfoHash& info_hash);
    /// The downloads that have a workspace in a directory; none when the directory does not exist.
    static Result<std::vector<InfoHash>> list(FileSystem& files,
                                              const std::filesystem::path& directory);

    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    /// target: the name in the directory that the content is to have; the torrent's own unless
    /// the user chose another.
    Result<Standing> standing(std::shared_ptr<const metainfo::Info> info,
                              const std::string& target);

    /// The .torrent file's bytes as kept by keep_torrent(); nothing when there are none.
    Result<std::optional<ByteVector>> torrent() const;
    Result<void> keep_torrent(Bytes torrent);

    /// The content, ready to be written: space checked, folders made, and what an earlier run left
    /// moved to where it belongs when other files are wanted now. no_space: it does not fit.
    Result<std::shared_ptr<Storage>> open_storage(std::shared_ptr<const metainfo::Info> info,
                                                  StorageOptions options = {});

    /// What an earlier run left. A record that is damaged or missing is no error: then all that
    /// has data is to be hashed.
    Result<ResumePlan> load(Storage& storage, Random& random);

    /// Makes the data safe, then the record that claims it. Concurrent calls take turns. After an
    /// error the record is the one before.
    Result<void> save(Storage& storage, const Progress& progress);

    /// Saves, moves the content, of which every wanted piece must be verified, to its place in the
    /// directory, and removes the workspace. The storage goes on there; pieces that need `parts`
    /// can no longer be read. refused: the name is taken; the content stays where it was, and this
    /// may be called again.
    Result<void> publish(Storage& storage, const Progress& progress, const std::string& target);

    /// Does what is left of publish() after a crash (Standing::published), and opens the content
    /// read-only. Its files have the right lengths; they were not hashed again.
    Result<std::shared_ptr<Storage>> adopt(std::shared_ptr<const metainfo::Info> info,
                                           const std::string& target,
                                           std::shared_ptr<HandleCache> handles = nullptr);

    /// Takes what publish() has put into its place back into the workspace, so that more of it can
    /// be fetched; without a record, all of it is to be hashed then. Nothing is done where that is
    /// done already, or nothing is there.
    Result<void> take_back(const metainfo::Info& info, const std::string& target);

    /// Removes the workspace with all that was downloaded into it.
    Result<void> discard();

  private:
    Workspace(std::shared_ptr<FileSystem> files, std::shared_ptr<Folder> directory,
              std::shared_ptr<Folder> progress, std::shared_ptr<Folder> folder,
              std::shared_ptr<File> lock, const InfoHash& info_hash);
    Result<void> write_whole(std::string_view name, Bytes bytes);
    Result<std::optional<ByteVector>> read_whole(std::string_view name, ByteCount limit) const;
    Result<std::optional<Record>> read_record(const metainfo::Info& info, std::string& doubt) const;
    Result<void> settle();
    Result<bool> exists(Folder& folder, std::string_view path) const;
    Result<bool> stands_whole(std::shared_ptr<const metainfo::Info> info, const Record& record,
                              const std::string& target) const;

    const std::shared_ptr<FileSystem> files_;
    const std::shared_ptr<Folder> directory_;  ///< DIR
    const std::shared_ptr<Folder> progress_;   ///< DIR/.progress
    const std::shared_ptr<Folder> folder_;     ///< DIR/.progress/<info hash>
    std::shared_ptr<File> lock_;
    const InfoHash info_hash_;

    std::mutex save_mutex_;  ///< held while a record is written: saves take turns
    std::uint64_t generation_ = 0;
};

}  // namespace shoal::disk
