#include "node/fetch.h"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>

#include "base/text.h"
#include "catalogue/names.h"
#include "engine/file_choice.h"

namespace shoal::node {
namespace {

namespace fs = std::filesystem;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
using Files = std::expected<std::vector<GroupFile>, FetchRefusal>;

template <class... Args>
std::unexpected<FetchRefusal> refuse(ErrorCode code, fmt::format_string<Args...> format,
                                     Args&&... args) {
    return std::unexpected(FetchRefusal{{code, fmt::format(format, std::forward<Args>(args)...)}});
}

std::optional<InfoHash> hash_in(std::string_view text) {
    const auto bytes = from_hex(text);
    if (!bytes || bytes->size() != InfoHash::size) return std::nullopt;
    return InfoHash::from(*bytes);
}

/// All files of the name; where there are none and the name is an info hash, those of the torrent.
awaitable<Result<std::vector<GroupFile>>> find_files(std::shared_ptr<GroupClient> client,
                                                     std::string name) {
    auto found = co_await client->files("name=" + url_part(name));
    if (!found || !found->empty() || !hash_in(name)) co_return found;
    co_return co_await client->files("info_hash=" + name);
}

/// Why this peer does not fetch what it has already.
std::unexpected<FetchRefusal> is_here(const Share& share) {
    const bool own = share.item().kind == Kind::published || share.item().kind == Kind::seeded;
    return refuse(ErrorCode::refused, "'{}' is {}: it is at '{}'", printable(share.item().name),
                  own                     ? "shared by this peer itself"
                  : share.item().complete ? "fetched already"
                                          : "being fetched already",
                  printable(share.item().path.native()));
}

/// refused: something is there. not_found: no folder to put it into.
Result<fs::path> free_place(const fs::path& wanted) {
    std::error_code error;
    const fs::path folder = fs::canonical(wanted.parent_path(), error);
    if (error) {
        return fail(ErrorCode::not_found, "there is no folder '{}': make it first",
                    printable(wanted.parent_path().native()));
    }
    fs::path place = folder / wanted.filename();
    if (fs::exists(fs::symlink_status(place, error))) {
        return fail(ErrorCode::refused, "'{}' exists already: name another destination",
                    printable(place.native()));
    }
    return place;
}

}  // namespace

Files choose_file(const std::vector<GroupFile>& found, const std::vector<net::TcpEndpoint>& from) {
    std::vector<GroupFile> meant;
    for (const GroupFile& file : found) {
        // A tracker that means ill could name any place on the disk.
        if (const auto good = catalogue::check_shared_name(file.name); !good) {
            return refuse(ErrorCode::bad_data, "the tracker's catalogue: {}", good.error().message);
        }
        const bool named = std::ranges::find(from, file.address) != from.end();
        if (named) meant.push_back(file);
    }
    if (meant.empty()) meant = found;
    std::vector<GroupFile> candidates;
    for (const GroupFile& file : meant) {
        const auto same = std::ranges::find(candidates, file.info_hash, &GroupFile::info_hash);
        if (same == candidates.end()) candidates.push_back(file);
    }
    if (candidates.size() < 2) return meant;
    return std::unexpected(FetchRefusal{
        {ErrorCode::refused,
         fmt::format("{} different contents are called '{}': choose one by --from, or by its info "
                     "hash",
                     candidates.size(), printable(candidates.front().name))},
        std::move(candidates)});
}

awaitable<std::expected<std::shared_ptr<Share>, FetchRefusal>> fetch(
    engine::Session& session, const Home& home, Library& library,
    std::shared_ptr<GroupClient> client, FetchRequest request) {
    const auto found = co_await find_files(client, request.name);
    if (!found) co_return std::unexpected(FetchRefusal{found.error()});
    if (found->empty()) {
        co_return refuse(ErrorCode::not_found, "nobody shares '{}': see `shoal list files`",
                         printable(request.name));
    }
    const auto chosen = choose_file(*found, request.from);
    if (!chosen) co_return std::unexpected(chosen.error());
    const GroupFile file = chosen->front();
    if (const auto here = library.with_info_hash(file.info_hash)) co_return is_here(*here);
    if (const auto here = library.named(file.name)) co_return is_here(*here);
    const fs::path wanted = request.destination.value_or(home.downloads() / file.name);
    auto look = [wanted] { return free_place(wanted); };
    const auto place = co_await session.disk().run<fs::path>(std::move(look), use_awaitable);
    if (!place) co_return std::unexpected(FetchRefusal{place.error()});

    auto holders = co_await client->holders(file.info_hash);
    if (!holders) co_return std::unexpected(FetchRefusal{holders.error()});
    // A publisher has all of it, though it may not have reported that yet.
    for (const GroupFile& one : *chosen) {
        if (one.online && std::ranges::find(*holders, one.address) == holders->end()) {
            holders->push_back(one.address);
        }
    }
    if (holders->empty() && request.from.empty()) {
        co_return refuse(ErrorCode::not_found, "nobody who has '{}' is there now: try again later",
                         printable(file.name));
    }
    auto info = co_await client->torrent(file.info_hash);
    if (!info) co_return std::unexpected(FetchRefusal{info.error()});
    NewDownload download{.item = {.kind = Kind::fetched,
                                  .name = file.name,
                                  .path = *place,
                                  .info_hash = file.info_hash,
                                  .single_source = request.single_source},
                         .info = *info};
    if (!request.files.empty()) {
        const auto matching = engine::match_files(**info, request.files);
        if (!matching) co_return std::unexpected(FetchRefusal{matching.error()});
        download.item.unwanted = unwanted_ranges(*matching);
    }
    for (const auto& peer : request.from) download.item.from.push_back(net::to_text(peer));
    if (request.from.empty()) download.peers = std::move(*holders);
    auto share = co_await library.add(std::move(download));
    if (!share) co_return std::unexpected(FetchRefusal{share.error()});
    co_return std::move(*share);
}

}  // namespace shoal::node
