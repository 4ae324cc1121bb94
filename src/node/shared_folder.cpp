#include "node/shared_folder.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "base/text.h"
#include "node/uploads.h"

namespace shoal::node {
namespace {

namespace fs = std::filesystem;
using boost::asio::awaitable;
using boost::asio::use_awaitable;

constexpr Duration period = 1s;
constexpr int share_of_time = 20;  ///< looking takes at most this part of it

bool is_left_alone(std::string_view name) {
    constexpr std::array<std::string_view, 4> unfinished{".part", ".crdownload", ".tmp", "~"};
    return name.starts_with('.') || std::ranges::any_of(unfinished, [&](std::string_view ending) {
               return name.ends_with(ending);
           });
}

}  // namespace

Result<SharedFolder::Look> SharedFolder::look_at(const fs::path& folder,
                                                 const std::set<std::string>& expected) {
    Look look;
    std::error_code error;
    for (auto at = fs::directory_iterator(folder, error); !error && at != fs::directory_iterator();
         at.increment(error)) {
        const std::string name = at->path().filename().native();
        if (name == Uploads::folder_name) continue;
        look.empty = false;
        std::error_code unreadable;
        if (is_left_alone(name) || at->is_symlink(unreadable)) continue;
        const auto tree = disk::scan_tree(at->path());
        if (tree) look.stamps[name] = tree_stamp(*tree);
    }
    if (error) {
        return fail(ErrorCode::failed, "cannot read '{}': {}", printable(folder.native()),
                    error.message());
    }
    for (const std::string& name : expected) {
        std::error_code unreadable;
        const auto status = fs::symlink_status(folder / name, unreadable);
        if (status.type() == fs::file_type::not_found) look.gone.insert(name);
    }
    // After the rest, which is worth nothing when it has been unmounted meanwhile.
    const auto itself = disk::native_file_system()->status(folder);
    if (!itself) return std::unexpected(itself.error());
    look.file_system = itself->device;
    return look;
}

SharedFolder::SharedFolder(engine::Session& session, Library& library, fs::path folder)
    : session_(session),
      library_(library),
      folder_(std::move(folder)),
      timer_(session.executor()) {}

void SharedFolder::start() {
    boost::asio::co_spawn(session_.executor(), run(), boost::asio::detached);
}

void SharedFolder::stop() {
    stopping_ = true;
    timer_.cancel();
}

awaitable<void> SharedFolder::run() {
    const auto self = shared_from_this();
    while (!stopping_) {
        const TimePoint begin = Clock::now();
        co_await look();
        if (stopping_) break;
        timer_.expires_after(std::max(period, (Clock::now() - begin) * share_of_time));
        co_await timer_.async_wait(boost::asio::as_tuple(use_awaitable));
    }
}

awaitable<void> SharedFolder::look() {
    auto work = [folder = folder_, expected = watched_names()] {
        return look_at(folder, expected);
    };
    const auto there = co_await session_.disk().run<Look>(std::move(work), use_awaitable);
    // A folder that cannot be read says nothing of what was in it.
    if (!there || stopping_ || !is_to_be_believed(*there)) co_return;
    co_await take_back(*there);
    for (const auto& [name, stamp] : there->stamps) {
        if (stopping_) co_return;
        const auto [entry, added] = entries_.try_emplace(name, Entry{stamp});
        if (!added && entry->second.stamp == stamp) {
            co_await settle(name, stamp);
        } else {
            entry->second.stamp = stamp;
        }
    }
}

awaitable<void> SharedFolder::settle(std::string name, Sha1Digest stamp) {
    auto& tried = entries_.at(name).tried;
    if (tried == stamp) co_return;
    const auto share = share_of(name);
    // What is whole at the first look was shared before this program started.
    const bool as_before = share && !tried && share->state() != ShareState::changed;
    if (as_before && !share->item().complete) co_return;
    tried = stamp;
    if (!as_before) co_await publish(std::move(name));
}

std::shared_ptr<Share> SharedFolder::share_of(const std::string& name) const {
    const fs::path path = folder_ / name;
    const auto found = std::ranges::find_if(
        library_.shares(), [&](const auto& entry) { return entry.second->item().path == path; });
    return found == library_.shares().end() ? nullptr : found->second;
}

awaitable<void> SharedFolder::publish(std::string name) {
    const auto share = share_of(name);
    // What the user stopped stays so; what he published under another name keeps that.
    if (share && share->item().intent != Intent::running) co_return;
    const std::string shared_name = share ? share->item().name : name;
    NewPublication publication{
        .path = folder_ / name, .name = shared_name, .replace = share != nullptr, .watched = true};
    const auto published = co_await library_.publish(std::move(publication));
    if (published) co_return;
    spdlog::warn("'{}' in the shared folder is not shared: {}", printable(name),
                 published.error().message);
}

std::set<std::string> SharedFolder::watched_names() const {
    std::set<std::string> names;
    for (const auto& [id, share] : library_.shares()) {
        const Item& item = share->item();
        if (item.watched && item.path.parent_path() == folder_) {
            names.insert(item.path.filename().native());
        }
    }
    return names;
}

bool SharedFolder::is_to_be_believed(const Look& there) {
    if (!file_system_) file_system_ = there.file_system;
    was_empty_ = was_empty_ && there.empty;
    const bool doubted = there.file_system != *file_system_;
    if (doubted && !doubted_) {
        spdlog::warn("the shared folder is not on the disk that it was on: is that not mounted?");
    }
    doubted_ = doubted;
    return !doubted && !was_empty_;
}

awaitable<void> SharedFolder::take_back(const Look& there) {
    std::erase_if(entries_, [&](const auto& entry) { return !there.stamps.contains(entry.first); });
    for (const std::string& name : there.gone) {
        const auto share = share_of(name);
        if (!share || !share->item().watched) continue;
        [[maybe_unused]] const auto removed = co_await library_.forget(share, false);
    }
}

}  // namespace shoal::node
