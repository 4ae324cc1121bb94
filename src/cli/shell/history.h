// The lines that were given to a shell before, kept from one run to the next.
#pragma once
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace shoal::cli {

class History {
  public:
    static constexpr std::size_t max_lines = 1000;  ///< the oldest go
    static constexpr std::size_t max_line = 4096;   ///< bytes; longer ones are not kept
    static constexpr std::size_t max_file = 4096 * 1024;

    /// What the file holds; nothing when there is none, or one that is no such file. An empty path
    /// keeps nothing.
    explicit History(std::filesystem::path file);

    /// Keeps a line, unless it is empty, the same as the last one, or holds a secret such as a
    /// join link. Whether it was kept.
    bool add(std::string_view line);
    /// Writes the file, readable by its owner alone; its folder must exist.
    [[nodiscard]] Result<void> save() const;

    [[nodiscard]] const std::deque<std::string>& lines() const { return lines_; }

  private:
    std::filesystem::path file_;
    std::deque<std::string> lines_;
};

}  // namespace shoal::cli
