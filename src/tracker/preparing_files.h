// What the group's daemons are hashing and will publish: told before it is published, so that
// everybody sees it at once.
#pragma once
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace shoal::tracker {

/// As its publisher tells it, of one file or folder.
struct PreparingFile {
    std::string name;
    std::string path;
    std::uint64_t size = 0;  ///< bytes
    std::uint32_t pieces = 0;
    bool operator==(const PreparingFile&) const = default;
};

/// Whose list it is.
struct PreparingDaemon {
    std::int64_t daemon = 0;  ///< its peer in the catalogue
    std::string user;         ///< the name as shown
    bool operator==(const PreparingDaemon&) const = default;
};

struct PreparingLimits {
    std::size_t of_daemon = 1000;      ///< files in one list
    std::size_t files = 20'000;        ///< of all daemons
    std::size_t text_bytes = 8 << 20;  ///< of all names and paths
};

/// The lists of all daemons. Does no I/O. Not thread-safe.
class PreparingFiles {
  public:
    explicit PreparingFiles(PreparingLimits limits = {}) : limits_(limits) {}

    /// The daemon's whole list from now on; false when it is what it was.
    /// usage: a name or path that none may be published under, one of them twice, or too many.
    /// refused: there is no room for so many. Nothing has changed then.
    Result<bool> replace(const PreparingDaemon& daemon, std::vector<PreparingFile> files);
    /// Forgets the lists of daemons that are not there any more, and says whose they were.
    std::vector<PreparingDaemon> keep(const std::function<bool(std::int64_t)>& is_there);

    struct Shown {
        PreparingDaemon daemon;
        PreparingFile file;
        bool operator==(const Shown&) const = default;
    };
    /// A place in the whole list, after which a page begins.
    struct Place {
        std::int64_t daemon = 0;
        std::string name;
        auto operator<=>(const Place&) const = default;
    };
    /// At most `limit` files that come after the place, by daemon and name.
    [[nodiscard]] std::vector<Shown> list(const Place& after, std::size_t limit) const;
    [[nodiscard]] std::size_t size() const { return files_; }

  private:
    struct List {
        std::string user;
        std::vector<PreparingFile> files;  ///< by name, not empty
        std::size_t text_bytes = 0;
    };
    using Lists = std::map<std::int64_t, List>;

    Lists::iterator erase(Lists::iterator list);

    PreparingLimits limits_;
    Lists lists_;
    std::size_t files_ = 0;
    std::size_t text_bytes_ = 0;
};

}  // namespace shoal::tracker
