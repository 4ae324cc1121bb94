// Small files as a whole: read with a bound, written so that they are there whole or not at all.
#pragma once
#include <filesystem>

#include "base/bytes.h"
#include "base/error.h"

namespace shoal::disk {

/// not_found: no such file. bad_data: larger than `limit` bytes. failed: no regular file, or it
/// cannot be read. Never waits for a writer, as a pipe would.
Result<ByteVector> read_file(const std::filesystem::path& path, std::size_t limit);

/// Writes a file that must not exist yet; it appears under its name once its bytes are on disk.
/// refused: the file exists, or the folder is not writable.
Result<void> write_new_file(const std::filesystem::path& path, Bytes content);

}  // namespace shoal::disk
