// Files that a page puts into the shared folder: it cannot give a path, so it sends the content,
// part by part. Until all of it is here it lies in a hidden folder beside what is shared.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "engine/session.h"

namespace shoal::node {

/// A file that is announced.
struct UploadFile {
    std::string path;  ///< inside the folder; empty: it is the upload itself
    ByteCount size = 0;
};

struct NewUpload {
    std::string name;  ///< that the file or folder is to have
    std::vector<UploadFile> files;
    bool replace = false;  ///< what stands there now goes
};

struct UploadRefusal {
    Error error;
    std::optional<ByteCount> expected{};  ///< the offset that is the next one
};

/// Lives on the session's thread; outlives its coroutines. The disk's threads do the work.
/// not_found: there is no such upload (any more).
class Uploads {
  public:
    static constexpr std::string_view folder_name = ".uploads";
    static constexpr std::size_t max_uploads = 16;
    static constexpr std::size_t max_files = 100'000;
    static constexpr std::size_t max_part = 8 << 20;  ///< bytes

    /// shared: the folder that finished uploads are put into.
    Uploads(engine::Session& session, std::filesystem::path shared)
        : session_(session), shared_(std::move(shared)) {}

    /// Removes what an earlier run left. Blocks for the disk.
    void clear();
    /// The id of the upload. usage, bad_data: names that are none or collide. refused: the name is
    /// taken, or too many uploads are under way. no_space: it does not fit.
    boost::asio::awaitable<Result<std::string>> begin(NewUpload upload);
    /// The next bytes of a file. refused: another offset is the next one. usage: no such file, or
    /// more than it has.
    boost::asio::awaitable<std::expected<void, UploadRefusal>> write(std::string id,
                                                                     std::size_t file,
                                                                     ByteCount offset,
                                                                     std::string bytes);
    /// What an upload was begun as; null when there is none.
    [[nodiscard]] const NewUpload* find(const std::string& id) const;
    /// Puts the whole into its place by one rename: where it then is. refused: something is not
    /// here yet, or the name is taken.
    boost::asio::awaitable<Result<std::filesystem::path>> complete(std::string id);
    boost::asio::awaitable<Result<void>> cancel(std::string id);
    /// Cancels what has been silent for long.
    void tick(TimePoint now);

  private:
    struct Upload;
    using UploadPtr = std::shared_ptr<Upload>;

    [[nodiscard]] Result<UploadPtr> idle(const std::string& id) const;
    [[nodiscard]] ByteCount outstanding() const;
    boost::asio::awaitable<void> forget(std::string id);

    engine::Session& session_;
    const std::filesystem::path shared_;
    std::map<std::string, UploadPtr> uploads_;
};

}  // namespace shoal::node
