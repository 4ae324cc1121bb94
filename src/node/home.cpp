#include "node/home.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/random.h"
#include "base/text.h"
#include "disk/private_file.h"

namespace shoal::node {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_small_file = 16 * 1024;
constexpr std::string_view api_file = "api.json";

Result<std::shared_ptr<disk::File>> lock_folder(disk::Folder& folder, const fs::path& path) {
    auto lock = folder.open("lock", disk::Access::create);
    if (!lock) return lock;
    if (const auto locked = (*lock)->lock(); !locked) {
        return fail(locked.error().code,
                    "another peer works in '{}': end it, or name another folder by --data",
                    printable(path.native()));
    }
    return lock;
}

/// The id of a daemon that was here before, or a new one.
Result<std::string> daemon_id(const fs::path& path) {
    const auto known = disk::read_private_file(path, max_small_file);
    if (known && known->size() == 32 && from_hex(*known)) return *known;
    if (!known && known.error().code != ErrorCode::not_found) {
        return std::unexpected(known.error());
    }
    std::array<std::byte, 16> random{};
    secure_random(random);
    std::string id = to_hex(random);
    if (const auto kept = disk::write_private_file(path, id); !kept) {
        return std::unexpected(kept.error());
    }
    return id;
}

}  // namespace

Result<Home> Home::open(const fs::path& folder) {
    std::error_code error;
    Home home;
    fs::create_directories(folder, error);
    if (!error) home.folder_ = fs::canonical(folder, error);
    if (error) {
        return fail(ErrorCode::refused, "cannot make the folder '{}': {}",
                    printable(folder.native()), error.message());
    }
    const auto opened = disk::native_file_system()->open_folder(home.folder_, true);
    if (!opened) return std::unexpected(opened.error());
    fs::permissions(home.folder_, fs::perms::owner_all, error);
    if (error) {
        return fail(ErrorCode::refused,
                    "the folder '{}' is not this user's: name another by --data",
                    printable(home.folder_.native()));
    }
    auto lock = lock_folder(**opened, home.folder_);
    if (!lock) return std::unexpected(lock.error());
    home.lock_ = std::move(*lock);
    home.shared_ = home.folder_ / "shared";
    home.downloads_ = home.folder_ / "downloads";
    for (const auto& below : {home.shared_, home.downloads_, home.torrents(), home.items()}) {
        fs::create_directories(below, error);
        if (error) {
            return fail(ErrorCode::refused, "cannot make the folder '{}': {}",
                        printable(below.native()), error.message());
        }
    }
    for (fs::path* place : {&home.shared_, &home.downloads_}) {
        fs::path real = fs::canonical(*place, error);
        if (error) {
            return fail(ErrorCode::refused, "cannot read the folder '{}': {}",
                        printable(place->native()), error.message());
        }
        *place = std::move(real);
    }
    auto id = daemon_id(home.folder_ / "daemon");
    if (!id) return std::unexpected(id.error());
    home.daemon_ = std::move(*id);
    return home;
}

bool is_within(const fs::path& path, const fs::path& folder) {
    return std::ranges::mismatch(folder, path).in1 == folder.end();
}

bool Home::is_private(const fs::path& path) const {
    if (is_within(folder_, path)) return true;
    return is_within(path, folder_) && !is_within(path, shared_) && !is_within(path, downloads_);
}

std::string Home::shown(const fs::path& path) const {
    const fs::path relative = path.lexically_relative(folder_);
    return (relative.empty() ? path : relative).native();
}

Result<ApiAccess> ApiAccess::load(const fs::path& folder) {
    const auto text = disk::read_private_file(folder / api_file, max_small_file);
    if (!text && text.error().code == ErrorCode::not_found) {
        return fail(ErrorCode::not_found, "no peer runs here: start one with `shoal peer`");
    }
    if (!text) return std::unexpected(text.error());
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(*text, error);
    const boost::json::object* object = error ? nullptr : value.if_object();
    const boost::json::value* url = object ? object->if_contains("url") : nullptr;
    const boost::json::value* token = object ? object->if_contains("token") : nullptr;
    if (!url || !url->is_string() || !token || !token->is_string()) {
        return fail(ErrorCode::bad_data, "'{}' is damaged: restart the peer",
                    printable((folder / api_file).native()));
    }
    return ApiAccess{std::string(url->get_string()), std::string(token->get_string())};
}

Result<void> ApiAccess::save(const fs::path& folder) const {
    const boost::json::object object{{"url", url}, {"token", token}};
    return disk::write_private_file(folder / api_file, boost::json::serialize(object) + "\n");
}

void ApiAccess::remove(const fs::path& folder) {
    std::error_code ignored;
    fs::remove(folder / api_file, ignored);
}

}  // namespace shoal::node
