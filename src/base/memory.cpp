#include "base/memory.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <unistd.h>

namespace shoal {
namespace {

constexpr ByteCount kibibyte = 1024;

std::optional<ByteCount> number_in(const std::filesystem::path& path) {
    std::ifstream file(path);
    ByteCount number = 0;
    if (!(file >> number) || number < 0) return std::nullopt;
    return number;
}

/// As /proc/meminfo of Linux tells.
std::optional<ByteCount> of_the_machine(const std::filesystem::path& root) {
    std::ifstream file(root / "proc/meminfo");
    for (std::string name; file >> name;) {
        if (name == "MemAvailable:") {
            ByteCount amount = 0;
            if (!(file >> amount) || amount < 0) return std::nullopt;
            return amount * kibibyte;
        }
        file.ignore(1 << 10, '\n');
    }
    return std::nullopt;
}

/// The root of a container's own hierarchy has these files; that of the machine has not.
std::optional<ByteCount> of_the_container(const std::filesystem::path& root) {
    const auto most = number_in(root / "sys/fs/cgroup/memory.max");  // may be the word "max"
    const auto used = number_in(root / "sys/fs/cgroup/memory.current");
    if (!most || !used) return std::nullopt;
    return std::max<ByteCount>(0, *most - *used);
}

}  // namespace

std::optional<ByteCount> available_memory(const std::filesystem::path& root) {
    const auto machine = of_the_machine(root);
    const auto container = of_the_container(root);
    if (machine && container) return std::min(*machine, *container);
    return machine ? machine : container;
}

std::size_t page_bytes() {
    static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return bytes;
}

}  // namespace shoal
