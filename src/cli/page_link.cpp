#include "cli/page_link.h"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

namespace shoal::cli {
namespace {

bool has_desktop() {
#ifdef __APPLE__
    return true;
#else
    return std::getenv("DISPLAY") != nullptr || std::getenv("WAYLAND_DISPLAY") != nullptr;
#endif
}

#ifdef __APPLE__
constexpr const char* opener = "open";
#else
constexpr const char* opener = "xdg-open";
#endif

}  // namespace

Result<std::string> new_page_link(const Api& api) {
    const auto answer = api.call(http::Method::post, "/api/v1/page/links", boost::json::object());
    if (!answer) return std::unexpected(answer.error());
    if (!answer->is_object()) return fail(ErrorCode::bad_data, "the peer gave no link");
    return text_of(answer->get_object(), "url");
}

void show_in_browser(const std::string& link) {
    if (!has_desktop()) return;
    std::string program = opener;
    std::string argument = link;
    const std::array<char*, 3> words{program.data(), argument.data(), nullptr};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) return;
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    posix_spawnp(&child, opener, &actions, nullptr, words.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
}

}  // namespace shoal::cli
