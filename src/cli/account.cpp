#include "cli/account.h"

#include <cstdlib>
#include <iostream>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "disk/files.h"

namespace shoal::cli {
namespace {

constexpr std::size_t max_password = 1024;

/// Turns off the terminal's echo for as long as it lives.
class Silence {
  public:
    Silence() {
        known_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
        if (!known_) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    ~Silence() {
        if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

  private:
    termios before_{};
    bool known_ = false;
};

Result<std::string> ask(std::string_view prompt) {
    fmt::print(stderr, "{}: ", prompt);
    const Silence silence;
    std::string line;
    const bool given = static_cast<bool>(std::getline(std::cin, line));
    fmt::print(stderr, "\n");
    if (!given) return fail(ErrorCode::cancelled, "no password was given");
    return line;
}

}  // namespace

std::filesystem::path default_data_folder() {
    for (const auto& [variable, below] :
         {std::pair{"XDG_DATA_HOME", "shoal"}, std::pair{"HOME", ".local/share/shoal"}}) {
        const char* base = std::getenv(variable);
        if (base != nullptr && *base == '/') return std::filesystem::path(base) / below;
    }
    return {};
}

CLI::App* add_group_command(CLI::App& app, const char* name, const char* description,
                            std::string& data) {
    CLI::App* command = app.add_subcommand(name, description);
    command->add_option("--data", data,
                        "Folder that remembers the group (default: $XDG_DATA_HOME/shoal)");
    return command;
}

Result<std::string> read_password(const std::string& file, std::string_view prompt, bool confirm) {
    if (!file.empty()) {
        const auto content = disk::read_file(file, max_password + 2);
        if (!content) return std::unexpected(content.error());
        std::string password(text_of(*content));
        while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
        return password;
    }
    if (const char* given = std::getenv("SHOAL_PASSWORD")) return std::string(given);
    if (::isatty(STDIN_FILENO) != 1) {
        return fail(ErrorCode::usage,
                    "there is no terminal to ask for the password on: use --password-file or "
                    "SHOAL_PASSWORD");
    }
    auto password = ask(prompt);
    if (!password || !confirm) return password;
    const auto again = ask("The same again");
    if (!again) return again;
    if (*again != *password) return fail(ErrorCode::usage, "the two passwords differ");
    return password;
}

}  // namespace shoal::cli
