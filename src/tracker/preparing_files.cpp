#include "tracker/preparing_files.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "catalogue/names.h"

namespace shoal::tracker {
namespace {

/// As if they were published: names and paths are each their daemon's only one.
Result<void> check(const std::vector<PreparingFile>& files) {
    std::set<std::string_view> names;
    std::set<std::string_view> paths;
    for (const PreparingFile& file : files) {
        if (auto good = catalogue::check_shared_name(file.name); !good) return good;
        if (auto good = catalogue::check_shared_path(file.path); !good) return good;
        if (!names.insert(file.name).second) {
            return fail(ErrorCode::usage, "the name '{}' is in the list twice",
                        printable(file.name));
        }
        if (!paths.insert(file.path).second) {
            return fail(ErrorCode::usage, "the path '{}' is in the list twice",
                        printable(file.path));
        }
    }
    return {};
}

std::size_t text_bytes_of(const std::vector<PreparingFile>& files) {
    std::size_t bytes = 0;
    for (const PreparingFile& file : files) bytes += file.name.size() + file.path.size();
    return bytes;
}

}  // namespace

Result<bool> PreparingFiles::replace(const PreparingDaemon& daemon,
                                     std::vector<PreparingFile> files) {
    if (files.size() > limits_.of_daemon) {
        return fail(ErrorCode::usage, "a peer may prepare {} files at once, not {}",
                    limits_.of_daemon, files.size());
    }
    if (const auto good = check(files); !good) return std::unexpected(good.error());
    std::ranges::sort(files, {}, &PreparingFile::name);
    const auto found = lists_.find(daemon.daemon);
    const bool is_known = found != lists_.end();
    if (is_known ? found->second.files == files : files.empty()) return false;
    const std::size_t text_bytes = text_bytes_of(files);
    const std::size_t other_files = files_ - (is_known ? found->second.files.size() : 0);
    const std::size_t other_bytes = text_bytes_ - (is_known ? found->second.text_bytes : 0);
    if (other_files + files.size() > limits_.files ||
        other_bytes + text_bytes > limits_.text_bytes) {
        return fail(ErrorCode::refused, "the group prepares too many files: try again later");
    }
    if (is_known) erase(found);
    if (files.empty()) return true;
    files_ += files.size();
    text_bytes_ += text_bytes;
    lists_.emplace(daemon.daemon, List{daemon.user, std::move(files), text_bytes});
    return true;
}

std::vector<PreparingDaemon> PreparingFiles::keep(
    const std::function<bool(std::int64_t)>& is_there) {
    std::vector<PreparingDaemon> gone;
    for (auto list = lists_.begin(); list != lists_.end();) {
        if (is_there(list->first)) {
            ++list;
            continue;
        }
        gone.push_back({list->first, list->second.user});
        list = erase(list);
    }
    return gone;
}

std::vector<PreparingFiles::Shown> PreparingFiles::list(const Place& after,
                                                        std::size_t limit) const {
    std::vector<Shown> shown;
    for (auto at = lists_.lower_bound(after.daemon); at != lists_.end(); ++at) {
        const auto& [daemon, list] = *at;
        auto file = list.files.begin();
        if (daemon == after.daemon) {
            file = std::ranges::upper_bound(list.files, after.name, {}, &PreparingFile::name);
        }
        for (; file != list.files.end(); ++file) {
            if (shown.size() == limit) return shown;
            shown.push_back({{daemon, list.user}, *file});
        }
    }
    return shown;
}

PreparingFiles::Lists::iterator PreparingFiles::erase(Lists::iterator list) {
    files_ -= list->second.files.size();
    text_bytes_ -= list->second.text_bytes;
    return lists_.erase(list);
}

}  // namespace shoal::tracker
