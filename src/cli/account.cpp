#include "cli/account.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <cstdlib>
#include <iostream>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "disk/files.h"
#include "disk/private_file.h"

namespace shoal::cli {
namespace {

constexpr std::string_view file_name = "account.json";
constexpr std::size_t max_file = 16 * 1024;
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

std::optional<std::string> text_of_member(const boost::json::object& object,
                                          std::string_view name) {
    const boost::json::value* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->get_string());
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

Account Account::of(const discovery::JoinLink& link) {
    return {.tracker = link.server(), .fingerprint = link.fingerprint};
}

Result<Account> Account::load(const std::filesystem::path& folder) {
    const auto path = folder / file_name;
    const auto text = disk::read_private_file(path, max_file);
    if (!text && text.error().code == ErrorCode::not_found) {
        return fail(ErrorCode::not_found,
                    "no group is known here: join one with `shoal register NAME --join LINK` or "
                    "`shoal login NAME --join LINK`");
    }
    if (!text) return std::unexpected(text.error());
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(*text, error);
    const boost::json::object* object = error ? nullptr : value.if_object();
    const auto damaged = [&] {
        return fail(ErrorCode::bad_data, "'{}' is damaged: remove it and log in again",
                    printable(path.native()));
    };
    if (object == nullptr) return damaged();
    auto tracker = text_of_member(*object, "tracker");
    const auto fingerprint =
        net::parse_fingerprint(text_of_member(*object, "fingerprint").value_or(""));
    if (!tracker || !fingerprint) return damaged();
    return Account{.tracker = std::move(*tracker),
                   .fingerprint = *fingerprint,
                   .user = text_of_member(*object, "user"),
                   .token = text_of_member(*object, "token")};
}

Result<void> Account::save(const std::filesystem::path& folder) const {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        return fail(ErrorCode::refused, "cannot make the folder '{}': {}",
                    printable(folder.native()), error.message());
    }
    boost::json::object object{{"tracker", tracker}, {"fingerprint", net::to_text(fingerprint)}};
    if (user) object["user"] = *user;
    if (token) object["token"] = *token;
    return disk::write_private_file(folder / file_name, boost::json::serialize(object) + "\n");
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

std::string url_part(std::string_view text) {
    return boost::urls::encode(text, boost::urls::unreserved_chars);
}

}  // namespace shoal::cli
