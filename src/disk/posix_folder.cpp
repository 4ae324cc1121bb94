// Folders by POSIX calls, beneath which no path and no symlink leads out.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#ifdef __linux__
#include <linux/openat2.h>
#include <sys/utsname.h>
#endif

#include "base/text.h"
#include "disk/posix_io.h"

namespace shoal::disk {
namespace {

#ifdef O_PATH
constexpr int folder_on_the_way = O_PATH | O_DIRECTORY | O_CLOEXEC;
#else
constexpr int folder_on_the_way = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
#endif
constexpr int folder_to_use = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr int removal_depth = 128;

/// The folder part and the last component of a path; the folder part may be empty.
std::pair<std::string, std::string> split(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return {"", std::string(path)};
    return {std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

#ifdef __linux__
int open_at_once(int folder, const std::string& path, int flags, mode_t mode) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags);
    how.mode = (flags & O_CREAT) != 0 ? mode : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    // EAGAIN: something on the path was renamed meanwhile.
    for (int attempt = 0;; ++attempt) {
        const long opened = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
        if (opened >= 0 || attempt == 16 || (errno != EAGAIN && errno != EINTR)) {
            return static_cast<int>(opened);
        }
    }
}

/// As Linux does since 5.8.
bool syncfs_tells_errors() {
    static const bool answer = [] {
        utsname system{};
        int major = 0;
        int minor = 0;
        return ::uname(&system) == 0 && std::sscanf(system.release, "%d.%d", &major, &minor) == 2 &&
               std::pair(major, minor) >= std::pair(5, 8);
    }();
    return answer;
}

bool kernel_resolves() {
    static const bool answer = [] {
        const Descriptor here(::open(".", folder_on_the_way));
        return Descriptor(open_at_once(here.get(), ".", folder_on_the_way, 0)).get() >= 0;
    }();
    return answer;
}
#else
int open_at_once(int, const std::string&, int, mode_t) {
    errno = ENOSYS;
    return -1;
}

bool kernel_resolves() {
    return false;
}
#endif

bool is_symlink(int folder, const std::string& name) {
    struct stat found{};
    return ::fstatat(folder, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISLNK(found.st_mode);
}

int open_component(int folder, const std::string& name, int flags, mode_t mode) {
    for (;;) {
        const int opened = ::openat(folder, name.c_str(), flags | O_NOFOLLOW, mode);
        if (opened >= 0) return opened;
        if (errno == EINTR) continue;
        // A symlink that is not followed counts as "no folder", which hides what it is.
        if (errno == ENOTDIR && is_symlink(folder, name)) errno = ELOOP;
        return -1;
    }
}

int walk(int folder, std::string_view path, int flags, mode_t mode) {
    Descriptor current;
    for (;;) {
        const int from = current ? current.get() : folder;
        const std::size_t slash = path.find('/');
        const std::string name(path.substr(0, slash));
        if (slash == std::string_view::npos) return open_component(from, name, flags, mode);
        Descriptor next(open_component(from, name, folder_on_the_way, 0));
        if (!next) return -1;
        current = std::move(next);
        path.remove_prefix(slash + 1);
    }
}

/// Removes all that is in a folder, which it takes over. False with errno set.
bool remove_content(Descriptor folder, int depth) {
    if (depth == 0) {
        errno = ENAMETOOLONG;
        return false;
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(folder.get()), &::closedir);
    if (!entries) return false;
    const int self = folder.release();
    while (const dirent* entry = ::readdir(entries.get())) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        if (::unlinkat(self, name.c_str(), 0) == 0 || errno == ENOENT) continue;
        if (errno != EISDIR && errno != EPERM) return false;
        Descriptor below(open_component(self, name, folder_to_use, 0));
        if (!below || !remove_content(std::move(below), depth - 1)) return false;
        if (::unlinkat(self, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return false;
    }
    return true;
}

class PosixFolder final : public Folder {
  public:
    PosixFolder(Descriptor descriptor, std::string name, Resolve resolve)
        : descriptor_(std::move(descriptor)), name_(std::move(name)), resolve_(resolve) {}

    const std::string& name() const override { return name_; }

    Result<std::shared_ptr<File>> open(std::string_view path, Access access) override {
        // A FIFO in the place of a file must not block us.
        int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
        flags |= access == Access::read ? O_RDONLY : O_RDWR;
        const bool create = access == Access::create || access == Access::create_program;
        const mode_t mode = access == Access::create_program ? 0777 : 0666;
        if (create) {
            // What has just been made need not be looked at.
            auto made = open_beneath(path, flags | O_CREAT | O_EXCL, mode);
            if (made) return make_posix_file(std::move(made), shown(path));
            if (errno != EEXIST) return system_error("create", shown(path));
            flags |= O_CREAT;
        }
        auto opened = open_beneath(path, flags, mode);
        if (!opened) return system_error(create ? "create" : "open", shown(path));
        struct stat found{};
        if (::fstat(opened.get(), &found) != 0) return system_error("look at", shown(path));
        if (S_ISDIR(found.st_mode)) return system_error("open", shown(path), EISDIR);
        if (!S_ISREG(found.st_mode)) {
            return fail(ErrorCode::bad_data, "cannot open '{}': it is no ordinary file",
                        printable(shown(path)));
        }
        return make_posix_file(std::move(opened), shown(path));
    }

    Result<std::shared_ptr<Folder>> open_folder(std::string_view path) override {
        auto opened = open_beneath(path, folder_to_use, 0);
        if (!opened) return system_error("open the folder", shown(path));
        return std::make_shared<PosixFolder>(std::move(opened), shown(path), resolve_);
    }

    Result<void> make_folder(std::string_view path) override {
        if (!is_plain_path(path)) return system_error("create the folder", shown(path), EXDEV);
        Descriptor current;
        for (std::string_view rest = path; !rest.empty();) {
            const int from = current ? current.get() : descriptor_.get();
            const std::size_t slash = rest.find('/');
            const std::string name(rest.substr(0, slash));
            rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
            if (::mkdirat(from, name.c_str(), 0777) != 0 && errno != EEXIST) {
                return system_error("create the folder", shown(path));
            }
            Descriptor next(open_component(from, name, folder_on_the_way, 0));
            if (!next) return system_error("create the folder", shown(path));
            current = std::move(next);
        }
        return {};
    }

    Result<FileStatus> status(std::string_view path) override {
        struct stat found{};
        const auto [parent, name] = split(path);
        const Place place = find(parent, path);
        if (place.number() < 0 ||
            ::fstatat(place.number(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
            return system_error("look at", shown(path));
        }
        return to_status(found);
    }

    Result<FileStatus> status() override {
        struct stat found{};
        if (::fstat(descriptor_.get(), &found) != 0) return system_error("look at", name_);
        return to_status(found);
    }

    Result<std::vector<std::string>> list() override {
        Descriptor copy(::openat(descriptor_.get(), ".", folder_to_use));
        const std::unique_ptr<DIR, int (*)(DIR*)> entries(copy ? ::fdopendir(copy.get()) : nullptr,
                                                          &::closedir);
        if (!entries) return system_error("list", name_);
        static_cast<void>(copy.release());
        std::vector<std::string> names;
        for (;;) {
            errno = 0;
            const dirent* entry = ::readdir(entries.get());
            if (entry == nullptr && errno != 0) return system_error("list", name_);
            if (entry == nullptr) break;
            const std::string name = entry->d_name;
            if (name != "." && name != "..") names.push_back(name);
        }
        std::ranges::sort(names);
        return names;
    }

    Result<void> rename(std::string_view from, Folder& to_folder, std::string_view to,
                        Existing existing) override {
        auto& other = dynamic_cast<PosixFolder&>(to_folder);
        const auto [from_parent, from_name] = split(from);
        const auto [to_parent, to_name] = split(to);
        const Place source = find(from_parent, from);
        if (source.number() < 0) return system_error("move", shown(from));
        const Place target = other.find(to_parent, to);
        const std::string arrow = shown(from) + "' to '" + other.shown(to);
        if (target.number() < 0 || !move(source.number(), from_name, target.number(), to_name,
                                         existing == Existing::replace)) {
            return system_error("move", errno == EEXIST ? other.shown(to) : arrow);
        }
        return {};
    }

    Result<void> remove(std::string_view path) override {
        const auto [parent, name] = split(path);
        const Place place = find(parent, path);
        if (place.number() >= 0) {
            if (::unlinkat(place.number(), name.c_str(), 0) == 0) return {};
            if (errno == EISDIR || errno == EPERM) {
                if (::unlinkat(place.number(), name.c_str(), AT_REMOVEDIR) == 0) return {};
            }
        }
        return system_error("remove", shown(path));
    }

    Result<void> remove_tree(std::string_view path) override {
        auto opened = open_beneath(path, folder_to_use, 0);
        if (opened && !remove_content(std::move(opened), removal_depth)) {
            return system_error("remove", shown(path));
        }
        const auto removed = remove(path);
        if (!removed && removed.error().code == ErrorCode::not_found) return {};
        return removed;
    }

    Result<void> sync() override {
        if (::fsync(descriptor_.get()) != 0) return system_error("flush to disk", name_);
        return {};
    }

    Result<void> sync_file_system() override {
#ifdef __linux__
        if (syncfs_tells_errors()) {
            if (::syncfs(descriptor_.get()) == 0) return {};
            return system_error("flush to disk the file system of", name_);
        }
#endif
        return fail(ErrorCode::unsupported, "cannot flush the file system of '{}'", name_);
    }

    Result<ByteCount> free_space() override {
        struct statvfs found{};
        if (::fstatvfs(descriptor_.get(), &found) != 0) {
            return system_error("ask for the free space of", name_);
        }
        return static_cast<ByteCount>(found.f_bavail) * static_cast<ByteCount>(found.f_frsize);
    }

  private:
    /// A folder beneath this one, or this one itself.
    class Place {
      public:
        explicit Place(int borrowed) : borrowed_(borrowed) {}
        explicit Place(Descriptor owned) : borrowed_(owned.get()), owned_(std::move(owned)) {}
        [[nodiscard]] int number() const { return borrowed_; }

      private:
        int borrowed_;
        Descriptor owned_;
    };

    [[nodiscard]] std::string shown(std::string_view path) const {
        return name_ + "/" + std::string(path);
    }

    /// Without a descriptor when it failed; errno says why.
    [[nodiscard]] Descriptor open_beneath(std::string_view path, int flags, mode_t mode) const {
        if (!is_plain_path(path)) {
            errno = EXDEV;
            return Descriptor();
        }
        if (resolve_ == Resolve::best && kernel_resolves()) {
            return Descriptor(open_at_once(descriptor_.get(), std::string(path), flags, mode));
        }
        return Descriptor(walk(descriptor_.get(), path, flags, mode));
    }

    [[nodiscard]] Place find(const std::string& parent, std::string_view whole) const {
        if (!is_plain_path(whole)) {
            errno = EXDEV;
            return Place(-1);
        }
        if (parent.empty()) return Place(descriptor_.get());
        return Place(open_beneath(parent, folder_on_the_way, 0));
    }

    static bool move(int from_folder, const std::string& from, int to_folder, const std::string& to,
                     bool replace) {
        if (!replace) {
#ifdef __linux__
            if (::renameat2(from_folder, from.c_str(), to_folder, to.c_str(), RENAME_NOREPLACE) ==
                0) {
                return true;
            }
            if (errno != EINVAL && errno != ENOSYS) return false;
#endif
            // Where the file system cannot refuse by itself, a look beforehand has to do.
            struct stat found{};
            if (::fstatat(to_folder, to.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) {
                errno = EEXIST;
                return false;
            }
        }
        return ::renameat(from_folder, from.c_str(), to_folder, to.c_str()) == 0;
    }

    const Descriptor descriptor_;
    const std::string name_;
    const Resolve resolve_;
};

class PosixFileSystem final : public FileSystem {
  public:
    explicit PosixFileSystem(Resolve resolve) : resolve_(resolve) {}

    Result<std::shared_ptr<Folder>> open_folder(const std::filesystem::path& path,
                                                bool create) override {
        if (create) {
            if (auto made = make_folders(path); !made) return std::unexpected(made.error());
        }
        Descriptor opened(::open(path.c_str(), folder_to_use));
        if (!opened) return system_error("open the folder", path.native());
        return std::make_shared<PosixFolder>(std::move(opened), path.native(), resolve_);
    }

    Result<FileStatus> status(const std::filesystem::path& path) override {
        struct stat found{};
        if (::stat(path.c_str(), &found) != 0) return system_error("open", path.native());
        return to_status(found);
    }

    Result<std::filesystem::path> resolve(const std::filesystem::path& path) override {
        std::error_code error;
        auto resolved = std::filesystem::canonical(path, error);
        if (error) return system_error("open", path.native(), error.value());
        return resolved;
    }

    FileTime now() override {
        timespec time{};
        ::clock_gettime(CLOCK_REALTIME, &time);
        return static_cast<FileTime>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
    }

  private:
    /// Makes what is missing on the way, each safe from a power cut before it is used.
    static Result<void> make_folders(const std::filesystem::path& path) {
        std::error_code error;
        const auto whole = std::filesystem::absolute(path, error).lexically_normal();
        if (error) return system_error("create the folder", path.native(), error.value());
        std::filesystem::path current;
        for (const auto& component : whole) {
            const std::filesystem::path parent = current;
            current /= component;
            if (::mkdir(current.c_str(), 0777) == 0) {
                const Descriptor above(::open(parent.c_str(), folder_to_use));
                if (!above || ::fsync(above.get()) != 0) {
                    return system_error("create the folder", current.native());
                }
                continue;
            }
            const int reason = errno;
            struct stat found{};
            if (::stat(current.c_str(), &found) != 0) {
                return system_error("create the folder", path.native(), reason);
            }
        }
        return {};
    }

    const Resolve resolve_;
};

}  // namespace

std::shared_ptr<FileSystem> native_file_system(Resolve resolve) {
    return std::make_shared<PosixFileSystem>(resolve);
}

bool is_plain_path(std::string_view path) {
    if (path.empty() || path.contains('\0')) return false;
    for (;;) {
        const std::size_t slash = path.find('/');
        const std::string_view component = path.substr(0, slash);
        if (component.empty() || component == "." || component == "..") return false;
        if (slash == std::string_view::npos) return true;
        path.remove_prefix(slash + 1);
    }
}

}  // namespace shoal::disk
