#include "disk/files.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>

#include "base/text.h"
#include "disk/posix_io.h"

namespace shoal::disk {
namespace {

bool write_all(int file, Bytes content) {
    while (!content.empty()) {
        const ssize_t n = ::write(file, content.data(), content.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        content = content.subspan(static_cast<std::size_t>(n));
    }
    return true;
}

/// Gives the file its name unless something has it already; false with errno set.
bool rename_to_new(const std::string& from, const std::string& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
        return true;
    }
    if (errno != EINVAL && errno != ENOSYS) return false;
    // A file system that cannot do it in one step: look, then rename.
    if (::access(to.c_str(), F_OK) == 0) {
        errno = EEXIST;
        return false;
    }
    return ::rename(from.c_str(), to.c_str()) == 0;
}

void sync_folder_of(const std::filesystem::path& path) {
    const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const Descriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Some file systems cannot sync a folder; the file itself is safe by then.
    if (folder.get() >= 0) ::fsync(folder.get());
}

}  // namespace

Result<ByteVector> read_file(const std::filesystem::path& path, std::size_t limit) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) return system_error("open", path.native());
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return system_error("read", path.native());
    if (!S_ISREG(status.st_mode)) {
        return fail(ErrorCode::failed, "'{}' is no regular file", printable(path.native()));
    }
    const auto too_large = [&] {
        return fail(ErrorCode::bad_data, "'{}' is larger than {}", printable(path.native()),
                    format_size(static_cast<ByteCount>(limit)));
    };
    if (static_cast<std::uint64_t>(status.st_size) > limit) return too_large();
    ByteVector content(static_cast<std::size_t>(status.st_size));
    for (std::size_t at = 0; at < content.size();) {
        const ssize_t n = ::read(file.get(), content.data() + at, content.size() - at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return system_error("read", path.native());
        if (n == 0) content.resize(at);  // cut short since it was measured
        at += static_cast<std::size_t>(n);
    }
    return content;
}

Result<void> write_new_file(const std::filesystem::path& path, Bytes content) {
    std::filesystem::path folder = path.parent_path();
    const std::string temporary = (folder / fmt::format(".shoal-{}-{}.part", ::getpid(),
                                                        path.filename().native().substr(0, 200)))
                                      .native();
    Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file.get() < 0) return system_error("write", path.native());
    const bool written = write_all(file.get(), content) && ::fsync(file.get()) == 0 &&
                         ::close(file.release()) == 0 && rename_to_new(temporary, path.native());
    if (!written) {
        const int code = errno;
        ::unlink(temporary.c_str());
        return system_error("write", path.native(), code);
    }
    sync_folder_of(path);
    return {};
}

}  // namespace shoal::disk
