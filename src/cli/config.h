// A configuration file (TOML) for a command's options: each is named as on the command line, with
// `_` for `-`, and what the command line says goes before the file.
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace shoal::cli {

/// Takes values out of a file. The first one that is wrong is remembered, and finish() tells it; so
/// take all, and call it once. Errors are of the form `FILE:LINE: what is wrong`. A value that the
/// command line gives stays as it is; the file's is then checked all the same.
class ConfigFile {
  public:
    /// Whether a text will do; the message follows the name of the key.
    using Check = std::function<Result<void>(const std::string&)>;

    /// Reads and parses. The command must outlive it.
    /// usage: no TOML. not_found, refused, bad_data (too long), failed: the file.
    static Result<ConfigFile> read(const std::filesystem::path& path, const CLI::App& command);

    void text(std::string_view key, std::string& value, const Check& check = {});
    /// One of a few words.
    void choice(std::string_view key, std::string& value,
                const std::vector<std::string_view>& choices);
    void flag(std::string_view key, bool& value);
    /// A whole number; the bounds are included.
    void number(std::string_view key, std::int64_t& value, std::int64_t min, std::int64_t max);
    /// A list of texts.
    void texts(std::string_view key, std::vector<std::string>& value, const Check& check = {});

    /// usage: the first value that is wrong, or a key that nobody has asked for.
    [[nodiscard]] Result<void> finish() const;

  private:
    struct Table;

    ConfigFile(std::string name, const CLI::App& command, std::shared_ptr<const Table> table)
        : name_(std::move(name)), command_(&command), table_(std::move(table)) {}

    [[nodiscard]] bool is_given(std::string_view key) const;
    void wrong(std::size_t line, std::string_view key, std::string_view how);

    std::string name_;  ///< of the file, printable
    const CLI::App* command_;
    std::shared_ptr<const Table> table_;
    std::vector<std::string> asked_;
    std::optional<Error> error_;
};

}  // namespace shoal::cli
