// A file system in memory that forgets at a power cut what was not synced, and fails on demand.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "disk/file_system.h"

namespace shoal::disk::testing {

/// What is done, for faults to be picked by.
enum class Op : std::uint8_t {
    read,
    write,
    sync_file,
    sync_folder,
    create,
    resize,
    rename,
    remove
};

struct Fault {
    ErrorCode code = ErrorCode::failed;
    std::string message = "injected fault";
};

/// Thread-safe, as FileSystem is.
class FaultyFileSystem final : public FileSystem {
  public:
    FaultyFileSystem();
    ~FaultyFileSystem() override;

    Result<std::shared_ptr<Folder>> open_folder(const std::filesystem::path& path,
                                                bool create) override;
    Result<FileStatus> status(const std::filesystem::path& path) override;
    Result<std::filesystem::path> resolve(const std::filesystem::path& path) override;
    FileTime now() override;

    /// Asked before each operation, without a lock; a fault it returns is the operation's result.
    /// May sleep, as a slow disk does.
    void set_fault(std::function<std::optional<Fault>(Op, const std::string& path)> fault);
    /// Bytes that fit in all; 0: no limit.
    void set_capacity(ByteCount bytes);
    /// The power goes after so many operations that change something: from then on all fail.
    void cut_power_after(std::uint64_t changes);
    [[nodiscard]] bool is_dead() const;
    [[nodiscard]] std::uint64_t changes() const;

    /// The power comes back: what was synced is there, and of what was not, each write and each
    /// name with the given chance, writes perhaps in part. All that is open becomes useless.
    void restart(Random& random, double chance);
    /// The process was killed: all that was written is there, and nothing is open.
    void kill();

    /// What a user does behind our back: removes a path with all in it, for good.
    void vanish(const std::string& path);
    /// Changes a byte of a file; its time changes as well.
    void damage(const std::string& path, ByteCount offset);
    /// The whole of a file; nothing when there is none.
    std::optional<std::string> content(const std::string& path);
    bool exists(const std::string& path);
    void advance(FileTime by);

  private:
    struct Content;
    struct Node;
    struct NameChange;
    struct State;
    class OpenFile;
    class OpenFolder;
    std::shared_ptr<State> state_;
};

}  // namespace shoal::disk::testing
