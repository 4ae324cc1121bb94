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

/// A download whose disk was full, or whose folder was away, is tried again after this.
constexpr Duration retry_after = 30s;

constexpr std::array<std::string_view, 11> state_names{
    "queued", "hashing", "checking", "metadata", "fetching", "sharing",
    "paused", "stopped", "missing",  "changed",  "failed"};

}  // namespace

std::string_view state_name(ShareState state) {
    return state_names.at(static_cast<std::size_t>(state));
}

Share::Share(Workshop& workshop, Item item, std::shared_ptr<const metainfo::Info> info)
    : workshop_(workshop), item_(std::move(item)), info_(std::move(info)), state_(idle_state()) {
    note_wanted();
}

Share::~Share() {
    if (hash_) hash_->stop = true;
}

ShareState Share::idle_state() const {
    if (item_.intent == Intent::paused) return ShareState::paused;
    if (item_.intent == Intent::stopped) return ShareState::stopped;
    return ShareState::queued;
}

void Share::enter(ShareState state, std::string message) {
    if (state != state_) state_since_ = Clock::now();
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
    if (passing && wants_download()) retry_ = Clock::now() + retry_after;
}

void Share::wait_for(std::string message) {
    if (state_ == ShareState::queued && message_ == message) return;
    enter(ShareState::queued, std::move(message));
}

void Share::start(const std::optional<std::string>& announce) {
    if (over_ || is_active() || item_.intent != Intent::running) return;
    announce_ = announce;
    ++run_;
    if (wants_download()) return download();
    if (!item_.info_hash) return hash();
    seed();
}

void Share::halt(std::function<void()> done) {
    to_halt_.push_back(std::move(done));
    halted_by_.reset();
    // A download's workspace belongs to one at a time: nothing begins before the former has ended.
    if (std::exchange(halting_, true)) return;
    ++run_;
    opening_ = false;
    note_totals();
    note_progress();
    if (hash_) {
        hash_->stop = true;
        hash_.reset();
    }
    // What is under way must live until it has ended, and this share with it.
    const auto self = shared_from_this();
    if (seeding_) {
        const std::shared_ptr<engine::Seeding> ending = std::move(seeding_);
        ending->stop([self, ending] { self->on_halted(); });
    } else if (download_) {
        std::shared_ptr<engine::Download> ending = std::move(download_);
        ending->stop([self, ending](const Result<void>& saved) mutable {
            if (!saved) spdlog::warn("{}: {}", printable(self->item_.name), saved.error().message);
            // Gone, and its lock with it, before anybody is told. Not within its own callback.
            boost::asio::post(self->workshop_.session.executor(),
                              [self, gone = std::move(ending)]() mutable {
                                  gone.reset();
                                  self->on_halted();
                              });
        });
    } else {
        boost::asio::post(workshop_.session.executor(), [self] { self->on_halted(); });
    }
}

void Share::on_halted() {
    save([self = shared_from_this()](const Result<void>&) {
        self->halting_ = false;
        if (auto failure = std::exchange(self->halted_by_, std::nullopt)) {
            self->fail_with(std::move(*failure));
        } else {
            self->enter(self->idle_state());
        }
        const auto waiting = std::exchange(self->to_halt_, {});
        for (const auto& done : waiting) done();
    });
}

void Share::end(std::function<void()> done) {
    over_ = true;
    halt(std::move(done));
}

void Share::set_intent(Intent intent, std::function<void()> done) {
    item_.intent = intent;
    halt(std::move(done));
}

void Share::renew(std::filesystem::path path, std::uint32_t piece_length,
                  std::function<void()> done) {
    item_.path = std::move(path);
    item_.piece_length = piece_length;
    item_.info_hash.reset();
    item_.stamp.reset();
    item_.complete = false;
    item_.intent = Intent::running;
    info_.reset();
    refused_stamp_.reset();
    halt(std::move(done));
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
    if (run != run_) co_return Result<void>();
    hash_size_ = (*plan)->maker.layout().content_size();
    hash_pieces_ = (*plan)->maker.layout().piece_count();
    workshop_.changed(*this);
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
    note_wanted();
    item_.info_hash = info_->info_hash();
    item_.stamp = made->stamp;
    item_.complete = true;
    co_return Result<void>();
}

void Share::seed() {
    opening_ = true;
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
    if (run != run_) co_return;
    opening_ = false;
    serve(stamp && item_.stamp && *stamp == *item_.stamp);
}

void Share::serve(bool verified) {
    metainfo::Metainfo torrent;
    torrent.info = info_;
    if (announce_) torrent.trackers = {{*announce_}};
    engine::SeedingOptions options{.torrent = std::move(torrent),
                                   .path = item_.path,
                                   .trackers = item_.trackers,
                                   .peers = {},
                                   .wanted = wanted_files(),
                                   .max_down = item_.max_down,
                                   .max_up = item_.max_up,
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

void Share::download() {
    engine::DownloadOptions options{.directory = item_.path.parent_path(),
                                    .name = item_.path.filename().native(),
                                    .files = item_.files,
                                    .wanted = wanted_files(),
                                    .trackers = item_.trackers,
                                    .peers = peers_,
                                    .max_down = item_.max_down,
                                    .max_up = item_.max_up,
                                    .single_source = item_.single_source,
                                    .only_these_peers = !item_.from.empty(),
                                    .members_only = item_.of_group(),
                                    .take_back = item_.taken_back,
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
        for (const std::string& peer : magnet->peers) {
            if (const auto endpoint = net::parse_endpoint(peer)) options.peers.push_back(*endpoint);
        }
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
        self->halt([] {});
        self->halted_by_ = std::move(error);
    };
    enter(info_ ? ShareState::checking : ShareState::metadata);
    download_ = std::make_unique<engine::Download>(workshop_.session, std::move(options),
                                                   std::move(callbacks));
    download_->start();
}

void Share::on_complete() {
    learn_metadata();
    item_.complete = true;
    item_.taken_back = false;
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
    item_.unwanted = unwanted_ranges(download_->wanted_files());
    item_.files.clear();
    unsaved_ = info_;
    note_wanted();
    save();
}

awaitable<void> Share::check_content() {
    const bool settled = state_ == ShareState::sharing || state_ == ShareState::missing ||
                         state_ == ShareState::changed;
    if (!settled || !item_.complete || !item_.stamp || item_.intent != Intent::running) co_return;
    if (halting_) co_return;
    const auto self = shared_from_this();
    const auto run = run_;
    const auto stamp = co_await look();
    if (run != run_ || halting_) co_return;
    if (stamp && *stamp == *item_.stamp && state_ == ShareState::sharing) co_return;
    if (!stamp && state_ != ShareState::sharing) co_return;
    if (stamp && refused_stamp_ && *stamp == *refused_stamp_) co_return;
    refused_stamp_ = stamp ? std::optional(*stamp) : std::nullopt;
    // Served again, when its turn comes, once it was hashed, or at once when it is what it was.
    halt([] {});
}

void Share::tick(TimePoint now) {
    using Stage = engine::DownloadStatus::Stage;
    if (retry_ && *retry_ <= now) return enter(ShareState::queued);
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
    status.wanted = info_ ? wanted_size_ : hash_size_;
    auto& transfer = status.transfer;
    if (item_.complete || !info_) {
        transfer.total = status.wanted;
        transfer.have = item_.complete ? status.wanted : 0;
    } else if (have() == nullptr) {
        transfer.have = kept_bytes_;
        transfer.total = kept_total_;
    }
    if (hash_ && hash_size_ > 0) {
        status.progress = static_cast<double>(hash_->done.load()) / static_cast<double>(hash_size_);
    } else if (state_ != ShareState::checking && transfer.total > 0) {
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

const engine::Transfer* Share::transfer() const {
    if (seeding_) return seeding_->transfer();
    return download_ ? download_->transfer() : nullptr;
}

void Share::save(std::function<void(Result<void>)> done) {
    to_save_.push_back(std::move(done));
    if (!saving_) write_record();
}

void Share::write_record() {
    auto waiting = std::exchange(to_save_, {});
    if (over_ && !halting_) {
        // It may have been forgotten: no record comes back.
        for (const auto& one : waiting) one({});
        return;
    }
    saving_ = true;
    const auto torrent = std::exchange(unsaved_, nullptr);
    workshop_.session.disk().run<void>(
        [item = item_, torrent, &store = workshop_.store]() -> Result<void> {
            // A record without its torrent would be good for nothing.
            if (torrent) {
                if (auto kept = store.save_torrent(*torrent); !kept) return kept;
            }
            return store.save(item);
        },
        [self = shared_from_this(), torrent,
         waiting = std::move(waiting)](const Result<void>& saved) {
            if (!saved) {
                spdlog::warn("{}: {}", printable(self->item_.name), saved.error().message);
                if (torrent == self->info_) self->unsaved_ = torrent;
            }
            self->saving_ = false;
            for (const auto& one : waiting) one(saved);
            if (!self->saving_ && !self->to_save_.empty()) self->write_record();
        });
}

}  // namespace shoal::node
