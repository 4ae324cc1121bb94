#include "node/library.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "base/text.h"
#include "catalogue/names.h"
#include "disk/content.h"

namespace shoal::node {
namespace {

namespace fs = std::filesystem;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
using ShareResult = Result<std::shared_ptr<Share>>;

/// Contents are looked at one after the other, all of them in about this time at the earliest.
constexpr Duration watch_period = 3s;
/// Looking at them takes at most this part of the time.
constexpr int watch_share = 20;

/// The real place of content that a user names; not_found: nothing is there.
Result<fs::path> real_path(const fs::path& path) {
    std::error_code error;
    fs::path real = fs::canonical(path, error);
    if (error) {
        return fail(ErrorCode::not_found, "there is no '{}': give the path of a file or folder",
                    printable(path.native()));
    }
    return real;
}

std::int64_t now_in_seconds() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

/// What there is of an item on the disk.
struct Remains {
    Item item;
    std::shared_ptr<const metainfo::Info> info;
    bool with_torrent = true;  ///< it goes, too
    bool with_content = false;
};

/// Blocks on the disk.
Result<void> forget_item(const Remains& remains, const ItemStore& store,
                         const std::shared_ptr<disk::FileSystem>& files) {
    const Item& item = remains.item;
    store.remove(item.id);
    if (item.info_hash && remains.with_torrent) store.remove_torrent(*item.info_hash);
    if (item.from_peers() && !item.complete && item.info_hash) {
        const fs::path folder = item.magnet.empty() ? item.path.parent_path() : item.path;
        auto workspace = disk::Workspace::open(files, folder, *item.info_hash);
        if (!workspace) return std::unexpected(workspace.error());
        return (*workspace)->discard();
    }
    if (!remains.with_content) return {};
    return disk::remove_content(*remains.info, *files, item.path);
}

/// Whether something is at a path, as far as one can tell. Blocks on the disk.
Result<bool> may_be_there(const fs::path& path) {
    std::error_code error;
    return fs::symlink_status(path, error).type() != fs::file_type::not_found;
}

/// Returns once what `begin` was given is called: begin(done).
template <class Begin>
awaitable<void> until_done(Begin begin) {
    const auto initiate = [&](auto handler) {
        const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        begin([shared] { std::move (*shared)(); });
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
        initiate, use_awaitable);
}

/// Calls done once all of them are halted, or ended, by `halt(share, done)`.
template <class Halt>
void halt_all(engine::Session& session, const std::vector<std::shared_ptr<Share>>& shares,
              Halt halt, std::function<void()> done) {
    // Called when the last of them, or the one counted in advance, is done.
    const auto left = std::make_shared<std::size_t>(shares.size() + 1);
    const auto one_less = [left, done = std::move(done)] {
        if (--*left == 0) done();
    };
    for (const auto& share : shares) halt(*share, one_less);
    boost::asio::post(session.executor(), one_less);
}

}  // namespace

Library::Library(engine::Session& session, const Home& home, const ItemStore& store,
                 Options options)
    : session_(session),
      home_(home),
      options_(std::move(options)),
      store_(store),
      workshop_{session, home, store, hashing_,
                [this](const Share& share) { options_.on_change(share.item().id); }},
      timer_(session.executor()) {}

Library::~Library() {
    shares_.clear();
    // What waits for its turn has nobody any more who would hear of it.
    hashing_.stop();
    hashing_.join();
}

Result<void> Library::load() {
    auto records = store_.load();
    if (!records) return std::unexpected(records.error());
    next_id_ = records->last_id + 1;
    if (!records->damaged) store_.remove_torrents_but(records->items);
    for (Item& item : records->items) {
        std::shared_ptr<const metainfo::Info> info;
        if (item.info_hash && item.magnet.empty()) {
            auto torrent = store_.torrent(*item.info_hash);
            if (torrent) {
                info = std::move(*torrent);
            } else if (item.kind == Kind::published) {
                item.info_hash.reset();  // made anew from the content
                item.complete = false;
            } else {
                spdlog::warn("{} is left out: {}", printable(item.name), torrent.error().message);
                continue;
            }
        }
        const auto id = item.id;
        shares_[id] = std::make_shared<Share>(workshop_, std::move(item), std::move(info));
    }
    boost::asio::co_spawn(session_.executor(), watch_contents(), boost::asio::detached);
    tick(Clock::now());
    return {};
}

void Library::set_group(std::optional<std::string> announce, std::string waiting_for) {
    if (stopping_) return;
    waiting_for_ = std::move(waiting_for);
    if (announce == announce_) return tick(Clock::now());
    announce_ = std::move(announce);
    known_.clear();
    // Those that are announced under a former passkey, or must not be any more, begin anew.
    for (const auto& [id, share] : shares_) {
        if (!share->item().of_group() || !share->is_served()) continue;
        share->halt([this, share] { start(*share); });
    }
    tick(Clock::now());
}

void Library::set_known(const InfoHash& info_hash) {
    if (!known_.insert(info_hash).second) return;
    if (const auto share = with_info_hash(info_hash)) start(*share);
}

std::shared_ptr<Share> Library::find(std::int64_t id) const {
    const auto found = shares_.find(id);
    return found == shares_.end() ? nullptr : found->second;
}

std::shared_ptr<Share> Library::named(std::string_view name) const {
    const auto found = std::ranges::find_if(shares_, [&](const auto& entry) {
        return entry.second->item().of_group() && entry.second->item().name == name;
    });
    return found == shares_.end() ? nullptr : found->second;
}

std::shared_ptr<Share> Library::with_info_hash(const InfoHash& info_hash) const {
    const auto found = std::ranges::find_if(
        shares_, [&](const auto& entry) { return entry.second->item().info_hash == info_hash; });
    return found == shares_.end() ? nullptr : found->second;
}

Result<void> Library::check_new(const Item& item) const {
    if (!is_valid_utf8(item.path.native())) {
        return fail(ErrorCode::refused, "'{}' is no UTF-8: rename it",
                    printable(item.path.native()));
    }
    if (shares_.size() >= max_items) {
        return fail(ErrorCode::refused, "this peer has {} items already: remove some", max_items);
    }
    for (const auto& [id, share] : shares_) {
        const Item& other = share->item();
        if (item.of_group() && other.of_group() && other.name == item.name) {
            return fail(ErrorCode::refused,
                        "this peer shares '{}' already: choose another name, or --replace it",
                        printable(item.name));
        }
        if (other.path == item.path && item.magnet.empty() && other.magnet.empty()) {
            return fail(ErrorCode::refused, "'{}' is shared already, as '{}'",
                        printable(item.path.native()), printable(other.name));
        }
        if (item.info_hash && other.info_hash == item.info_hash) {
            return fail(ErrorCode::refused, "this torrent is here already, as '{}'",
                        printable(other.name));
        }
    }
    return {};
}

awaitable<ShareResult> Library::publish(NewPublication publication) {
    auto find = [wanted = publication.path] { return real_path(wanted); };
    const auto path = co_await session_.disk().run<fs::path>(std::move(find), use_awaitable);
    if (!path) co_return std::unexpected(path.error());
    publication.path = *path;
    if (home_.is_private(*path)) {
        co_return fail(ErrorCode::refused, "'{}' has this peer's own data in it: share another",
                       printable(path->native()));
    }
    if (publication.name.empty()) publication.name = path->filename().native();
    if (const auto good = catalogue::check_shared_name(publication.name); !good) {
        co_return std::unexpected(good.error());
    }
    const auto former = named(publication.name);
    if (former && publication.replace) co_return co_await replace(former, std::move(publication));
    Item item{.kind = Kind::published,
              .name = publication.name,
              .path = publication.path,
              .piece_length = publication.piece_length,
              .watched = publication.watched};
    if (const auto free = check_new(item); !free) co_return std::unexpected(free.error());
    item.id = next_id_++;
    item.added = now_in_seconds();
    auto share = std::make_shared<Share>(workshop_, std::move(item), nullptr);
    co_return co_await insert(std::move(share));
}

awaitable<ShareResult> Library::replace(std::shared_ptr<Share> share, NewPublication publication) {
    if (share->item().kind != Kind::published) {
        co_return fail(ErrorCode::refused,
                       "'{}' was fetched from the group: remove it before publishing another",
                       printable(publication.name));
    }
    for (const auto& [id, other] : shares_) {
        if (other != share && other->item().path == publication.path) {
            co_return fail(ErrorCode::refused, "'{}' is shared already, as '{}'",
                           printable(publication.path.native()), printable(other->item().name));
        }
    }
    auto renew = [share, &publication](std::function<void()> done) {
        share->renew(publication.path, publication.piece_length, std::move(done));
    };
    co_await until_done(std::move(renew));
    start(*share);
    co_return share;
}

awaitable<ShareResult> Library::add(NewDownload download) {
    if (const auto free = check_new(download.item); !free) {
        co_return std::unexpected(free.error());
    }
    const auto info = download.info;
    if (info) {
        auto keep = [info, &store = store_] { return store.save_torrent(*info); };
        const auto kept = co_await session_.disk().run<void>(std::move(keep), use_awaitable);
        if (!kept) co_return std::unexpected(kept.error());
        if (const auto free = check_new(download.item); !free) {
            co_return std::unexpected(free.error());
        }
    }
    download.item.id = next_id_++;
    download.item.added = now_in_seconds();
    auto share = std::make_shared<Share>(workshop_, std::move(download.item), info);
    share->suggest(std::move(download.peers));
    co_return co_await insert(std::move(share));
}

awaitable<ShareResult> Library::insert(std::shared_ptr<Share> share) {
    const auto id = share->item().id;
    shares_[id] = share;
    Result<void> saved;
    auto save = [share, &saved](const std::function<void()>& done) {
        share->save([&saved, done](Result<void> result) {
            saved = std::move(result);
            done();
        });
    };
    co_await until_done(std::move(save));
    if (!saved) {
        auto end = [share](std::function<void()> done) { share->end(std::move(done)); };
        co_await until_done(std::move(end));
        shares_.erase(id);
        options_.on_change(id);
        co_return std::unexpected(saved.error());
    }
    start(*share);
    options_.on_change(id);
    co_return share;
}

void Library::start(Share& share) {
    if (stopping_ || share.is_over()) return;
    if (share.is_active() || share.item().intent != Intent::running) return;
    const bool hashes = !share.item().info_hash && share.item().kind == Kind::published;
    if (hashes) return share.start(announce_);
    if (share.item().of_group() && !announce_) return share.wait_for(waiting_for_);
    if (share.item().kind == Kind::published && !known_.contains(*share.item().info_hash)) {
        return share.wait_for("waits for the tracker to know it");
    }
    if (share.wants_download()) {
        const auto busy = std::ranges::count_if(
            shares_, [](const auto& entry) { return entry.second->is_downloading(); });
        if (static_cast<std::size_t>(busy) >= options_.downloads_at_once) {
            return share.wait_for("waits for other downloads");
        }
    }
    share.start(share.item().of_group() ? announce_ : std::nullopt);
}

awaitable<void> Library::set_intent(std::shared_ptr<Share> share, Intent intent) {
    auto change = [share, intent](std::function<void()> done) {
        share->set_intent(intent, std::move(done));
    };
    co_await until_done(std::move(change));
    start(*share);
}

awaitable<Result<void>> Library::set_limits(std::shared_ptr<Share> share, ByteCount max_down,
                                            ByteCount max_up) {
    Result<void> saved;
    auto change = [&](const std::function<void()>& done) {
        share->set_limits(max_down, max_up, [&saved, done](Result<void> result) {
            saved = std::move(result);
            done();
        });
    };
    co_await until_done(std::move(change));
    co_return saved;
}

awaitable<Result<void>> Library::choose_files(std::shared_ptr<Share> share,
                                              std::vector<bool> wanted) {
    if (share->is_over()) co_return fail(ErrorCode::not_found, "this peer has no such item");
    if (wanted == share->wanted_files()) co_return Result<void>();
    if (auto good = share->check_choice(wanted); !good) co_return good;
    auto change = [&](std::function<void()> done) { share->choose(wanted, std::move(done)); };
    co_await until_done(std::move(change));
    start(*share);
    co_return Result<void>();
}

awaitable<Result<void>> Library::remove(std::shared_ptr<Share> share) {
    const fs::path path = share->item().path;
    const bool unfinished = share->wants_download();
    if (!unfinished && path.parent_path() == home_.shared()) {
        auto look = [path] { return may_be_there(path); };
        const auto there = co_await session_.disk().run<bool>(std::move(look), use_awaitable);
        if (!there || *there) {
            co_await set_intent(share, Intent::stopped);
            co_return Result<void>();
        }
    }
    co_return co_await forget(std::move(share), false);
}

bool Library::is_shared_torrent(const Share& share, const InfoHash& info_hash) const {
    return std::ranges::any_of(shares_, [&](const auto& entry) {
        return entry.second.get() != &share && entry.second->item().info_hash == info_hash;
    });
}

Result<void> Library::check_deletion(const Share& share) const {
    const Item& item = share.item();
    if (share.wants_download()) return {};
    if (!share.info()) {
        return fail(ErrorCode::refused,
                    "'{}' is still being hashed: wait, or remove the item without its content",
                    printable(item.name));
    }
    for (const auto& [id, other] : shares_) {
        const fs::path& path = other->item().path;
        if (other.get() != &share && (is_within(path, item.path) || is_within(item.path, path)) &&
            !other->wants_download()) {
            return fail(ErrorCode::refused,
                        "'{}' and '{}' have content together: remove the other item first",
                        printable(item.name), printable(other->item().name));
        }
    }
    return {};
}

awaitable<Result<void>> Library::forget(std::shared_ptr<Share> share, bool with_content) {
    if (share->is_over()) co_return fail(ErrorCode::not_found, "this peer has no such item");
    if (with_content) {
        if (auto good = check_deletion(*share); !good) co_return good;
    }
    auto end = [share](std::function<void()> done) { share->end(std::move(done)); };
    co_await until_done(std::move(end));
    const Item item = share->item();
    const bool alone = !item.info_hash || !is_shared_torrent(*share, *item.info_hash);
    Remains remains{
        .item = item, .info = share->info(), .with_torrent = alone, .with_content = with_content};
    auto work = [remains = std::move(remains), &store = store_, files = session_.files()] {
        return forget_item(remains, store, files);
    };
    auto forgotten = co_await session_.disk().run<void>(std::move(work), use_awaitable);
    shares_.erase(item.id);
    options_.on_change(item.id);
    co_return forgotten;
}

std::vector<Holding> Library::holdings() const {
    std::vector<Holding> holdings;
    for (const auto& [id, share] : shares_) {
        const Bitfield* have = share->have();
        if (!share->item().of_group() || have == nullptr || !share->item().info_hash) continue;
        holdings.push_back({*share->item().info_hash, have});
    }
    return holdings;
}

void Library::tick(TimePoint now) {
    if (stopping_) return;
    const auto shares = shares_;
    for (const auto& [id, share] : shares) {
        share->tick(now);
        if (share->state() == ShareState::queued) start(*share);
    }
}

void Library::stop(std::function<void()> done) {
    stopping_ = true;
    timer_.cancel();
    std::vector<std::shared_ptr<Share>> all;
    all.reserve(shares_.size());
    for (const auto& [id, share] : shares_) all.push_back(share);
    halt_all(session_, all, [](Share& share, auto one) { share.end(one); }, std::move(done));
}

void Library::pause_for(std::function<void()> action) {
    std::vector<std::shared_ptr<Share>> served;
    for (const auto& [id, share] : shares_) {
        if (share->is_served()) served.push_back(share);
    }
    halt_all(
        session_, served, [](Share& share, auto one) { share.halt(one); },
        [this, action = std::move(action)] {
            action();
            tick(Clock::now());
        });
}

awaitable<bool> Library::sleep(Duration duration) {
    timer_.expires_after(duration);
    co_await timer_.async_wait(boost::asio::as_tuple(use_awaitable));
    co_return !stopping_;
}

awaitable<void> Library::watch_contents() {
    while (co_await sleep(watch_period)) {
        const TimePoint begin = Clock::now();
        const auto shares = shares_;
        for (const auto& [id, share] : shares) {
            if (stopping_) co_return;
            co_await share->check_content();
        }
        const Duration taken = Clock::now() - begin;
        if (taken * watch_share > watch_period) {
            if (!co_await sleep(taken * watch_share)) co_return;
        }
    }
}

}  // namespace shoal::node
