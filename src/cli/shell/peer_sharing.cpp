#include "cli/shell/peer_sharing.h"

#include <atomic>
#include <poll.h>

#include "base/text.h"
#include "cli/item_words.h"
#include "cli/new_torrent.h"
#include "cli/shell/peer_shell.h"
#include "engine/source.h"

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;
using boost::json::object;
using http::Method;

/// By when a fetch has an answer: data flows, or who could send it is still looked for.
constexpr Duration answer_time = 1500ms;
constexpr int look_period = 50;  ///< milliseconds

bool is_torrent(const std::string& path) {
    std::error_code ignored;
    return path.ends_with(".torrent") && fs::is_regular_file(path, ignored);
}

std::string error_line(const Error& error) {
    return "error: " + printable(error.message);
}

std::string begun_line(const object& item) {
    const auto peers = number_of(item, "peers");
    const std::string name = text_of(item, "name");
    if (number_of(item, "downloaded") > 0) {
        return fmt::format("fetching {}: {} from {} {}; see status", name,
                           format_size(number_of(item, "size")), peers,
                           peers == 1 ? "peer" : "peers");
    }
    return fmt::format("fetching {}: nobody has sent anything yet ({} peers); see status", name,
                       peers);
}

Result<void> make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (!error) return {};
    return fail(ErrorCode::refused, "cannot make the folder '{}': {}", printable(folder.native()),
                error.message());
}

Result<object> as_item(Result<boost::json::value> answer) {
    if (!answer) return std::unexpected(answer.error());
    if (!answer->is_object()) return fail(ErrorCode::bad_data, "the peer answers with no item");
    return std::move(answer->get_object());
}

}  // namespace

PeerSharing::PeerSharing(const Api& api, Shell& shell, fs::path data)
    : api_(api), shell_(shell), data_(std::move(data)) {}

Result<void> PeerSharing::publish(const Words& words) {
    const auto item = begin_publish(
        api_, {.path = words[0], .name = words.size() > 1 ? words[1] : std::string()});
    if (!item) return std::unexpected(item.error());
    if (auto outcome = outcome_of(*item)) {
        if (!*outcome) return std::unexpected(outcome->error());
        shell_.say(**outcome);
        return {};
    }
    shell_.say(fmt::format("preparing {}; the group sees it at once", text_of(*item, "name")));
    tell_later(*item);
    return {};
}

Result<void> PeerSharing::fetch(const Words& words) {
    const auto wish = read_fetch(words);
    if (!wish) return std::unexpected(wish.error());
    auto item = begin_fetch(context_, api_, *wish);
    if (!item) return std::unexpected(item.error());
    first_answer(std::move(*item));
    return {};
}

Result<void> PeerSharing::download(const Words& words) {
    if (auto made = make_folder(words[1]); !made) return made;
    const bool magnet = words[0].starts_with("magnet:");
    object body{{"destination", absolute_path(words[1])}, {"sources", "many"}};
    body[magnet ? "magnet" : "torrent"] = magnet ? words[0] : absolute_path(words[0]);
    auto item = as_item(api_.call(Method::post, "/api/v1/downloads", body));
    if (!item) return std::unexpected(item.error());
    first_answer(std::move(*item));
    return {};
}

Result<void> PeerSharing::create(const Words& words) {
    if (auto made = make_folder(words[1]); !made) return made;
    const auto torrent = make_torrent(words[0], words[1], words[2]);
    if (!torrent) return std::unexpected(torrent.error());
    shell_.say("torrent " + printable(torrent->native()));
    return {};
}

Result<void> PeerSharing::upload(const Words& words) {
    std::string torrent = words[0];
    std::string content = words[0];
    if (is_torrent(words[0])) {
        auto found = content_of(words[0]);
        if (!found) return std::unexpected(found.error());
        content = found->native();
    } else {
        if (auto folder = make_folder(data_ / "torrents"); !folder) return folder;
        auto made = make_torrent(words[0], data_ / "torrents", words[1]);
        if (!made) return std::unexpected(made.error());
        torrent = made->native();
    }
    const auto item =
        as_item(api_.call(Method::post, "/api/v1/seeds",
                          object{{"torrent", absolute_path(torrent)},
                                 {"path", absolute_path(content)},
                                 {"trackers", boost::json::array{boost::json::string(words[1])}}}));
    if (!item) return std::unexpected(item.error());
    if (auto outcome = outcome_of(*item)) {
        if (!*outcome) return std::unexpected(outcome->error());
        shell_.say(**outcome);
        return {};
    }
    shell_.say(fmt::format("checking {}; see status", text_of(*item, "name")));
    tell_later(*item);
    return {};
}

/// In the folder, under the name of what it is of.
Result<fs::path> PeerSharing::make_torrent(const std::string& path, const fs::path& folder,
                                           const std::string& tracker) {
    auto planned = NewTorrent::plan({.path = path, .trackers = {tracker}});
    if (!planned) return std::unexpected(planned.error());
    fs::path file = folder / (planned->tree().name + ".torrent");
    const auto there = torrent_in_place(file);
    if (!there) return std::unexpected(there.error());
    for (const std::string& line : planned->tree().skipped) shell_.say(line);
    std::atomic<bool> stop = false;
    const auto torrent = [&] {
        HashingLine line(planned->size());
        return planned->make(stop, [&](ByteCount done) {
            line.show(done);
            if (shell_.interrupted()) stop = true;
        });
    }();
    if (!torrent) return std::unexpected(torrent.error());
    const auto written = write_torrent(file, *there, *torrent);
    if (!written) return std::unexpected(written.error());
    return file;
}

/// What the torrent names, beside it or among what is shared.
Result<fs::path> PeerSharing::content_of(const std::string& torrent) const {
    const auto read = engine::read_torrent(torrent);
    if (!read) return std::unexpected(read.error());
    const std::string& name = read->info->name();
    fs::path shared = data_ / "shared";
    const auto status = api_.get("/api/v1/status");
    if (status && status->is_object() && !text_of(status->get_object(), "shared").empty()) {
        shared = text_of(status->get_object(), "shared");
    }
    const fs::path beside = fs::path(absolute_path(torrent)).parent_path();
    for (const fs::path& folder : {beside, shared}) {
        std::error_code ignored;
        if (fs::exists(folder / name, ignored)) return folder / name;
    }
    return fail(ErrorCode::not_found, "'{}' is neither in '{}' nor in '{}': put it there",
                printable(name), printable(beside.native()), printable(shared.native()));
}

/// Waits for the first bytes, but not for long, and tells how it begins.
void PeerSharing::first_answer(object item) {
    const TimePoint end = Clock::now() + answer_time;
    while (Clock::now() < end && !shell_.interrupted()) {
        if (outcome_of(item) || number_of(item, "downloaded") > 0) break;
        ::poll(nullptr, 0, look_period);
        auto now = refreshed(api_, item);
        if (!now) break;
        item = std::move(*now);
    }
    const auto outcome = outcome_of(item);
    if (!outcome) {
        shell_.say(begun_line(item));
        return tell_later(item);
    }
    shell_.say(*outcome ? **outcome : error_line(outcome->error()));
}

/// Behind the prompt, in one line, when it is over.
void PeerSharing::tell_later(const object& item) {
    shell_.watch([this, item] {
        const auto now = refreshed(api_, item);
        if (!now) return now.error().code != ErrorCode::not_found;
        if (text_of(*now, "state") == "stopped") return false;  // the user knows
        const auto outcome = outcome_of(*now);
        if (!outcome) return true;
        shell_.say(*outcome ? **outcome : error_line(outcome->error()));
        return false;
    });
}

}  // namespace shoal::cli
