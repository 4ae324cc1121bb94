#include "node/share.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>
#include <utility>

#include "base/text.h"
#include "http/offload.h"

namespace shoal::node {
namespace {

using boost::asio::awaitable;
using boost::asio::use_awaitable;

/// A full disk or a folder that was away is looked at again after this.
constexpr Duration retry_after = 30s;

constexpr std::array<std::string_view, 11> state_names{
    "queued", "hashing", "checking", "metadata", "fetching", "sharing",
    "paused", "stopped", "missing",  "changed",  "failed"};

}  // namespace

std::string_view state_name(ShareState state) {
    return state_names.at(static_cast<std::size_t>(state));
}

Share::Share(Workshop& workshop, Item item, std::shared_ptr<const metainfo::Info> info)
    : workshop_(workshop), item_(std::move(item)), info_(std::move(info)), state_(idle_state()) {}

Share::~Share() {
    if (hash_) hash_->stop = true;
}

ShareState Share::idle_state() const {
    if (item_.intent == Intent::paused) return ShareState::paused;
    if (item_.intent == Intent::stopped) return ShareState::stopped;
    return ShareState::queued;
}

void Share::enter(ShareState state, std::string message) {
    state_ = state;
    message_ = std::move(message);
    error_.reset();
    retry_.reset();
    workshop_.changed(*this);
}

void Share::fail_with(Error error) {
    const bool passing = error.code == ErrorCode::no_space || error.code == ErrorCode::failed;
    enter(ShareState::failed, error.message);
    error_ = std::move(error);
    if (passing && !wants_download()) return;
    if (passing) retry_ = Clock::now() + retry_after;
}

void Share::wait_for(std::string message) {
    if (state_ == ShareState::queued && message_ == message) return;
    enter(ShareState::queued, std::move(message));
}

void Share::start(const std::optional<std::string>& announce, std::vector<net::TcpEndpoint> peers) {
    if (is_active() || item_.intent != Intent::running) return;
    announce_ = announce;
    ++run_;
    if (wants_download()) return download(std::move(peers));
    if (!item_.info_hash) return hash();
    seed();
}

void Share::halt(std::function<void()> done) {
    ++run_;
    note_totals();
    if (hash_) {
        hash_->stop = true;
        hash_.reset();
    }
    // What is under way must live until it has ended, and this share with it.
    const auto self = shared_from_this();
    const auto finish = [self, done = std::move(done)] {
        self->enter(self->idle_state());
        self->save([done](const Result<void>&) { done(); });
    };
    if (seeding_) {
        const std::shared_ptr<engine::Seeding> ending = std::move(seeding_);
        ending->stop([ending, finish] { finish(); });
    } else if (download_) {
        const std::shared_ptr<engine::Download> ending = std::move(download_);
        ending->stop([self, ending, finish](const Result<void>& saved) {
            if (!saved) spdlog::warn("{}: {}", printable(self->item_.name), saved.error().message);
            finish();
        });
    } else {
        boost::asio::post(workshop_.session.executor(), finish);
    }
}

void Share::set_intent(Intent intent, std::function<void()> done) {
    item_.intent = intent;
    halt(std::move(done));
}

void Share::renew(std::filesystem::path path, std::uint32_t piece_length,
                  std::function<void()> done) {
    halt([self = shared_from_this(), path = std::move(path), piece_length, done = std::move(done)] {
        Item& item = self->item_;
        item.path = path;
        item.piece_length = piece_length;
        item.info_hash.reset();
        item.stamp.reset();
        item.complete = false;
        item.intent = Intent::running;
        self->info_.reset();
        self->refused_stamp_.reset();
        self->save([done](const Result<void>&) { done(); });
    });
}

void Share::hash() {
    hash_ = std::make_shared<HashProgress>();
    hash_size_ = 0;
    hash_pieces_ = 0;
    enter(ShareState::hashing);
    boost::asio::co_spawn(workshop_.session.executor(), hash_now(hash_), boost::asio::detached);
}

awaitable<void> Share::hash_now(std::shared_ptr<HashProgress> progress) {
    const auto self = shared_from_this();
    const auto run = run_;
    const auto made = co_await make_torrent(std::move(progress));
    if (run != run_) co_return;
    hash_.reset();
    if (!made) co_return fail_with(made.error());
    save();
    // Served as soon as the tracker knows the torrent.
    enter(ShareState::queued);
}

awaitable<Result<void>> Share::make_torrent(std::shared_ptr<HashProgress> progress) {
    const auto run = run_;
    const auto path = item_.path;
    auto make_plan = [path, name = item_.name, length = item_.piece_length] {
        return plan_torrent(path, name, length);
    };
    auto planned = co_await http::offload(workshop_.hashing.get_executor(), std::move(make_plan));
    const auto plan = std::make_shared<Result<TorrentPlan>>(std::move(planned));
    if (!*plan) co_return std::unexpected(plan->error());
    hash_size_ = (*plan)->maker.layout().content_size();
    hash_pieces_ = (*plan)->maker.layout().piece_count();
    if (run == run_) workshop_.changed(*this);
    struct Made {
        std::shared_ptr<const metainfo::Info> info;
        Sha1Digest stamp;
    };
    auto work = [plan, path, progress, &store = workshop_.store]() -> Result<Made> {
        auto info = hash_content(**plan, *progress);
        if (!info) return std::unexpected(info.error());
        const auto stamp = content_stamp(*info, path);
        if (!stamp) return std::unexpected(stamp.error());
        const auto now = disk::scan_tree(path);
        if (!now || tree_stamp(*now) != tree_stamp((*plan)->tree)) {
            return fail(ErrorCode::failed, "'{}' changed while it was being hashed: try again",
                        printable(path.native()));
        }
        if (auto kept = store.save_torrent(**info); !kept) return std::unexpected(kept.error());
        return Made{std::move(*info), *stamp};
    };
    const auto made = co_await http::offload(workshop_.hashing.get_executor(), std::move(work));
    if (!made) co_return std::unexpected(made.error());
    if (run != run_) co_return Result<void>();
    info_ = made->info;
    item_.info_hash = info_->info_hash();
    item_.stamp = made->stamp;
    item_.complete = true;
    co_return Result<void>();
}

void Share::seed() {
    enter(ShareState::checking);
    boost::asio::co_spawn(workshop_.session.executor(), seed_now(), boost::asio::detached);
}

awaitable<Result<Sha1Digest>> Share::look() {
    auto work = [info = info_, path = item_.path] { return content_stamp(info, path); };
    co_return co_await workshop_.session.disk().run<Sha1Digest>(std::move(work), use_awaitable);
}

awaitable<void> Share::seed_now() {
    const auto self = shared_from_this();
    const auto run = run_;
    const auto stamp = co_await look();
    if (run != run_ || is_active()) co_return;
    serve(stamp && item_.stamp && *stamp == *item_.stamp);
}

void Share::serve(bool verified) {
    metainfo::Metainfo torrent;
    torrent.info = info_;
    if (announce_) torrent.trackers = {{*announce_}};
    engine::SeedingOptions options{.torrent = std::move(torrent),
                                   .path = item_.path,
                                   .trackers = item_.trackers,
                                   .verified = verified,
                                   .members_only = item_.of_group()};
    const auto still = [weak = weak_from_this(), run = run_] {
        const auto self = weak.lock();
        return self && self->run_ == run ? self : nullptr;
    };
    engine::SeedingCallbacks callbacks;
    callbacks.on_ready = [still, verified] {
        const auto self = still();
        if (!self) return;
        self->enter(ShareState::sharing);
        if (!verified) {
            boost::asio::co_spawn(self->workshop_.session.executor(), self->note_stamp(),
                                  boost::asio::detached);
        }
    };
    callbacks.on_error = [still](Error error) {
        const auto self = still();
        if (!self) return;
        // The seeding that reports this must not be destroyed by its own callback.
        boost::asio::post(self->workshop_.session.executor(),
                          [ended = std::shared_ptr<engine::Seeding>(std::move(self->seeding_))] {});
        ++self->run_;
        if (error.code == ErrorCode::not_found) {
            self->enter(ShareState::missing, error.message);
        } else if (error.code == ErrorCode::bad_data) {
            self->enter(ShareState::changed, error.message);
        } else {
            self->fail_with(std::move(error));
        }
    };
    enter(ShareState::checking);
    seeding_ = std::make_unique<engine::Seeding>(workshop_.session, std::move(options),
                                                 std::move(callbacks));
    seeding_->start();
}

awaitable<void> Share::note_stamp() {
    const auto self = shared_from_this();
    const auto run = run_;
    const auto stamp = co_await look();
    if (run != run_ || !stamp) co_return;
    item_.stamp = *stamp;
    save();
}

void Share::download(std::vector<net::TcpEndpoint> peers) {
    engine::DownloadOptions options{.directory = item_.path.parent_path(),
                                    .name = item_.path.filename().native(),
                                    .trackers = item_.trackers,
                                    .peers = std::move(peers),
                                    .single_source = item_.single_source,
                                    .only_these_peers = !item_.from.empty(),
                                    .members_only = item_.of_group(),
                                    .seed = true};
    for (const std::string& text : item_.from) {
        if (const auto endpoint = net::parse_endpoint(text)) options.peers.push_back(*endpoint);
    }
    if (info_) {
        metainfo::Metainfo torrent;
        torrent.info = info_;
        if (announce_) torrent.trackers = {{*announce_}};
        options.source = std::move(torrent);
    } else {
        const auto magnet = metainfo::Magnet::parse(item_.magnet);
        if (!magnet) return fail_with(magnet.error());
        options.source = *magnet;
        // The name is not known yet: the path is that of the folder.
        options.directory = item_.path;
        options.name.clear();
    }
    const auto still = [weak = weak_from_this(), run = run_] {
        const auto self = weak.lock();
        return self && self->run_ == run ? self : nullptr;
    };
    engine::DownloadCallbacks callbacks;
    callbacks.on_complete = [still](ByteCount) {
        if (const auto self = still()) self->on_complete();
    };
    callbacks.on_error = [still](Error error) {
        const auto self = still();
        if (!self) return;
        self->note_totals();
        ++self->run_;
        const std::shared_ptr<engine::Download> ending = std::move(self->download_);
        ending->stop([ending](const Result<void>&) {});
        self->fail_with(std::move(error));
    };
    enter(info_ ? ShareState::checking : ShareState::metadata);
    download_ = std::make_unique<engine::Download>(workshop_.session, std::move(options),
                                                   std::move(callbacks));
    download_->start();
}

void Share::on_complete() {
    learn_metadata();
    item_.complete = true;
    enter(ShareState::sharing);
    save();
    boost::asio::co_spawn(workshop_.session.executor(), note_stamp(), boost::asio::detached);
}

void Share::learn_metadata() {
    if (info_ || !download_ || !download_->info()) return;
    info_ = download_->info();
    item_.info_hash = info_->info_hash();
    item_.name = info_->name();
    item_.path /= info_->name();
    // The torrent is kept without trackers.
    if (const auto magnet = metainfo::Magnet::parse(item_.magnet)) {
        item_.trackers = magnet->trackers;
    }
    item_.magnet.clear();
    workshop_.session.disk().run<void>(
        [info = info_, &store = workshop_.store] { return store.save_torrent(*info); },
        [self = shared_from_this()](const Result<void>& kept) {
            if (kept) return self->save();
            spdlog::warn("{}: {}", printable(self->item_.name), kept.error().message);
        });
}

awaitable<void> Share::check_content() {
    const bool settled = state_ == ShareState::sharing || state_ == ShareState::missing ||
                         state_ == ShareState::changed;
    if (!settled || !item_.complete || !item_.stamp || item_.intent != Intent::running) co_return;
    const auto self = shared_from_this();
    const auto run = run_;
    const auto stamp = co_await look();
    if (run != run_) co_return;
    if (stamp && *stamp == *item_.stamp && state_ == ShareState::sharing) co_return;
    if (!stamp && state_ != ShareState::sharing) co_return;
    if (stamp && refused_stamp_ && *stamp == *refused_stamp_) co_return;
    refused_stamp_ = stamp ? std::optional(*stamp) : std::nullopt;
    // Served again once it was hashed, or at once when it is what it was.
    halt([self, announce = announce_] { self->start(announce); });
}

void Share::tick(TimePoint now) {
    using Stage = engine::DownloadStatus::Stage;
    if (retry_ && *retry_ <= now) {
        retry_.reset();
        return start(announce_);
    }
    if (!download_ || item_.complete) return;
    learn_metadata();
    const Stage stage = download_->status().stage;
    ShareState seen = ShareState::checking;
    if (stage == Stage::metadata) seen = ShareState::metadata;
    if (stage == Stage::transferring || stage == Stage::complete) seen = ShareState::fetching;
    if (seen != state_) enter(seen);
}

void Share::note_totals() {
    const ShareStatus now = transfer_status();
    item_.downloaded = now.downloaded;
    item_.uploaded = now.uploaded;
}

ShareStatus Share::transfer_status() const {
    ShareStatus status{.downloaded = item_.downloaded, .uploaded = item_.uploaded};
    if (seeding_) status.transfer = seeding_->status();
    if (download_) {
        const auto now = download_->status();
        status.transfer = now.transfer;
        status.progress = now.checked;
    }
    status.downloaded += status.transfer.downloaded;
    status.uploaded += status.transfer.uploaded;
    return status;
}

ShareStatus Share::status() const {
    ShareStatus status = transfer_status();
    status.state = state_;
    status.message = message_;
    status.size = info_ ? info_->layout().content_size() : hash_size_;
    status.pieces = info_ ? info_->layout().piece_count() : hash_pieces_;
    auto& transfer = status.transfer;
    if (!download_) transfer.total = status.size;
    if (item_.complete) transfer.have = transfer.total = status.size;
    if (hash_ && hash_size_ > 0) {
        status.progress = static_cast<double>(hash_->done.load()) / static_cast<double>(hash_size_);
    } else if (state_ == ShareState::fetching && transfer.total > 0) {
        status.progress = static_cast<double>(transfer.have) / static_cast<double>(transfer.total);
    } else if (item_.complete) {
        status.progress = 1;
    }
    const bool waiting = state_ == ShareState::fetching && transfer.unavailable > 0;
    if (waiting && status.message.empty()) {
        status.message = fmt::format("{} of {} pieces are at no peer that is there now",
                                     transfer.unavailable, status.pieces);
    }
    return status;
}

const Bitfield* Share::have() const {
    if (seeding_) return seeding_->have();
    return download_ ? download_->have() : nullptr;
}

void Share::save(std::function<void(Result<void>)> done) {
    to_save_.push_back(std::move(done));
    if (!saving_) write_record();
}

void Share::write_record() {
    saving_ = true;
    workshop_.session.disk().run<void>(
        [item = item_, &store = workshop_.store] { return store.save(item); },
        [self = shared_from_this(),
         waiting = std::exchange(to_save_, {})](const Result<void>& saved) {
            if (!saved) spdlog::warn("{}: {}", printable(self->item_.name), saved.error().message);
            for (const auto& one : waiting) one(saved);
            self->saving_ = false;
            if (!self->to_save_.empty()) self->write_record();
        });
}

}  // namespace shoal::node
