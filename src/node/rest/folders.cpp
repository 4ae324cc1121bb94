// Folders of this machine, for choosing what to publish by its path.
#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>

#include "base/text.h"
#include "http/query.h"
#include "node/rest/rest.h"

namespace shoal::node::rest {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using http::Method;

constexpr std::size_t most_entries = 2000;
/// Of a folder, more are not looked at.
constexpr std::size_t most_looked_at = 100'000;

struct FolderEntry {
    std::string name;
    bool folder = false;
    std::uintmax_t size = 0;
};

struct FolderView {
    fs::path path;
    std::vector<FolderEntry> entries;
    bool more = false;
};

/// Blocks on the disk.
Result<FolderView> look_into(const fs::path& wanted) {
    std::error_code error;
    FolderView view{.path = fs::canonical(wanted, error)};
    if (error || !fs::is_directory(view.path, error)) {
        return fail(ErrorCode::not_found, "there is no folder '{}'", printable(wanted.native()));
    }
    std::size_t seen = 0;
    auto at = fs::directory_iterator(view.path, error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
        view.more = ++seen > most_looked_at;
        if (view.more) break;
        std::string name = at->path().filename().native();
        if (name.starts_with('.') || !is_valid_utf8(name)) continue;
        std::error_code unreadable;
        const auto status = at->status(unreadable);
        const bool folder = fs::is_directory(status);
        if (unreadable || (!folder && !fs::is_regular_file(status))) continue;
        const std::uintmax_t size = folder ? 0 : at->file_size(unreadable);
        view.entries.push_back({std::move(name), folder, unreadable ? 0 : size});
    }
    if (error) {
        return fail(ErrorCode::refused, "the folder '{}' cannot be read: {}",
                    printable(view.path.native()), error.message());
    }
    std::ranges::sort(view.entries, {}, [](const FolderEntry& entry) {
        return std::pair(!entry.folder, std::string_view(entry.name));
    });
    view.more = view.more || view.entries.size() > most_entries;
    if (view.entries.size() > most_entries) view.entries.resize(most_entries);
    return view;
}

json::object to_json(const FolderView& view) {
    json::array items;
    for (const FolderEntry& entry : view.entries) {
        items.push_back({{"name", entry.name},
                         {"kind", entry.folder ? "folder" : "file"},
                         {"size", entry.size}});
    }
    const bool top = view.path == view.path.root_path();
    return {{"path", view.path.native()},
            {"parent", top ? json::value(nullptr) : json::value(view.path.parent_path().native())},
            {"items", std::move(items)},
            {"more", view.more}};
}

fs::path home_folder() {
    const char* home = std::getenv("HOME");
    return home != nullptr && *home == '/' ? home : "/";
}

Answer show_folder(DaemonPtr node, const http::Request& request, http::Response& response) {
    http::Query query;
    if (const auto ok = query.parse(request.query); !ok) co_return tell_error(response, ok.error());
    const auto given = query.find("path");
    const fs::path path = given ? fs::path(*given) : home_folder();
    if (!is_good_path(path)) {
        co_return tell_error(response, {ErrorCode::usage, "'path' must be an absolute path"});
    }
    auto look = [path] { return look_into(path); };
    const auto view = co_await node->session().disk().run<FolderView>(std::move(look),
                                                                      boost::asio::use_awaitable);
    if (!view) co_return tell_error(response, view.error());
    http::send_json(response, 200, to_json(*view));
}

}  // namespace

void add_folders(http::Router& router, const DaemonPtr& node) {
    router.add(Method::get, "/api/v1/folders", with(node, show_folder));
}

}  // namespace shoal::node::rest
