#include "disk/private_file.h"

#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "disk/posix_io.h"

namespace shoal::disk {
namespace {

namespace fs = std::filesystem;

bool write_all(int descriptor, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(descriptor, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

Result<void> sync_folder(const fs::path& folder) {
    const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || ::fsync(opened.get()) != 0) return system_error("write", folder.string());
    return {};
}

}  // namespace

Result<std::string> read_private_file(const fs::path& path, std::size_t max_bytes) {
    const std::string name = path.string();
    // Not blocking: a pipe would keep the program waiting for somebody to write into it.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!file) return system_error("read", name);
    struct stat found{};
    if (::fstat(file.get(), &found) != 0) return system_error("read", name);
    if (!S_ISREG(found.st_mode)) {
        return fail(ErrorCode::bad_data, "cannot read '{}': it is no file", printable(name));
    }
    std::string content(max_bytes + 1, '\0');
    std::size_t size = 0;
    while (size < content.size()) {
        const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("read", name);
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > max_bytes) {
        return fail(ErrorCode::bad_data, "cannot read '{}': it is longer than {} bytes",
                    printable(name), max_bytes);
    }
    content.resize(size);
    return content;
}

Result<void> write_private_file(const fs::path& path, std::string_view content) {
    const std::string name = path.string();
    fs::path temporary = path;
    temporary += fmt::format(".{:016x}", random_seed());
    Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                           S_IRUSR | S_IWUSR));
    if (!file) return system_error("write", name);
    bool good = write_all(file.get(), content) && ::fsync(file.get()) == 0;
    good = good && ::rename(temporary.c_str(), path.c_str()) == 0;
    if (!good) {
        auto error = system_error("write", name);
        ::unlink(temporary.c_str());
        return error;
    }
    return sync_folder(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

}  // namespace shoal::disk
