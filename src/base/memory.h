// The memory of the machine.
#pragma once
#include <filesystem>
#include <optional>

#include "base/bytes.h"

namespace shoal {

/// Bytes that may be used without others being pushed out, as the system estimates, in a container
/// no more than its limit (cgroup v2) leaves. Nothing where it cannot be told. Reads two small
/// files. `root`: of the file system, for tests.
std::optional<ByteCount> available_memory(const std::filesystem::path& root = "/");

/// Bytes of a page of memory.
std::size_t page_bytes();

}  // namespace shoal
