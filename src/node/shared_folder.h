// Publishes by itself what is put into the shared folder, and takes back what is removed from it.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "node/library.h"

namespace shoal::node {

/// Looks at the folder about once a second; a large one less often. What lies in it directly is
/// published under its name once it has not changed from one look to the next, so that nothing is
/// published while it is still being copied. Names that begin with a dot, or end as those of
/// unfinished downloads do, are left alone, and so are symlinks. Nothing is taken back because the
/// folder is another file system than before, or is empty at the start: it may be not mounted.
/// Lives on the session's thread; a shared_ptr has to hold it.
class SharedFolder : public std::enable_shared_from_this<SharedFolder> {
  public:
    /// The library must outlive its last coroutine.
    SharedFolder(engine::Session& session, Library& library, std::filesystem::path folder);

    void start();
    void stop();
    /// What has this name now is another than before, and somebody else publishes it.
    void forget(const std::string& name) { entries_.erase(name); }

  private:
    struct Entry {
        Sha1Digest stamp;                   ///< as it was at the last look
        std::optional<Sha1Digest> tried{};  ///< as it was when it was published, or refused
    };
    using Stamps = std::map<std::string, Sha1Digest>;
    struct Look {
        Stamps stamps;               ///< of what can be read, by name
        std::set<std::string> gone;  ///< of the names that were expected
        bool empty = true;           ///< there is nothing at all
        std::uint64_t file_system = 0;
    };

    /// Blocks on the disk. expected: names of what is published.
    static Result<Look> look_at(const std::filesystem::path& folder,
                                const std::set<std::string>& expected);
    [[nodiscard]] std::set<std::string> watched_names() const;
    /// Whether what is not there was removed, as far as one can tell.
    bool is_to_be_believed(const Look& there);
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<void> look();
    /// An entry that has not changed since the last look.
    boost::asio::awaitable<void> settle(std::string name, Sha1Digest stamp);
    boost::asio::awaitable<void> publish(std::string name);
    boost::asio::awaitable<void> take_back(const Look& there);
    [[nodiscard]] std::shared_ptr<Share> share_of(const std::string& name) const;

    engine::Session& session_;
    Library& library_;
    const std::filesystem::path folder_;
    std::map<std::string, Entry> entries_;
    std::optional<std::uint64_t> file_system_;  ///< that the folder was on at the first look
    bool was_empty_ = true;                     ///< at all looks so far
    bool doubted_ = false;                      ///< it is another file system now
    boost::asio::steady_timer timer_;
    bool stopping_ = false;
};

}  // namespace shoal::node
