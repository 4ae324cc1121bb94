#include "engine/download.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "disk/content.h"
#include "engine/file_choice.h"

namespace shoal::engine {
namespace {

/// At most this much progress is lost in a power cut.
constexpr Duration save_period = 4s;

Bitfield wanted_pieces(const disk::Storage& storage) {
    Bitfield wanted(storage.layout().piece_count());
    for (std::uint32_t i = 0; i < storage.layout().piece_count(); ++i) {
        if (storage.is_wanted(PieceIndex(i))) wanted.set(i);
    }
    return wanted;
}

}  // namespace

Download::Download(Session& session, DownloadOptions options, DownloadCallbacks callbacks)
    : session_(session),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      save_timer_(session.executor()) {
    if (const auto* torrent = std::get_if<metainfo::Metainfo>(&options_.source)) {
        info_hash_ = torrent->info->info_hash();
        tiers_ = torrent->trackers;
    } else {
        const auto& magnet = std::get<metainfo::Magnet>(options_.source);
        info_hash_ = magnet.info_hash();
        for (const auto& tracker : magnet.trackers) tiers_.push_back({tracker});
    }
}

Download::~Download() {
    stop_check_.request_stop();
}

template <class Handler>
auto Download::while_alive(Handler handler) {
    return [alive = std::weak_ptr(alive_), handler = std::move(handler)](auto&&... args) mutable {
        if (alive.lock()) handler(std::forward<decltype(args)>(args)...);
    };
}

template <class T, class Work, class Then>
void Download::on_disk(Work work, Then then) {
    ++on_disk_;
    session_.disk().run<T>(std::move(work),
                           while_alive([this, then = std::move(then)](Result<T> result) mutable {
                               --on_disk_;
                               if (stopping_) return end_when_idle();
                               if (!result) return fail_with(result.error());
                               if constexpr (std::is_void_v<T>) {
                                   then();
                               } else {
                                   then(std::move(*result));
                               }
                           }));
}

void Download::fail_with(Error error) {
    boost::asio::post(session_.executor(), while_alive([this, error = std::move(error)] {
                          callbacks_.on_error(error);
                      }));
}

std::string Download::name() const {
    return info_ ? info_->name() : info_hash_.hex();
}

const std::string& Download::target() const {
    return options_.name.empty() ? info_->name() : options_.name;
}

const Bitfield* Download::have() const {
    const bool known = stage_ == Stage::transferring || stage_ == Stage::complete;
    return known && transfer_ ? &transfer_->have() : nullptr;
}

void Download::start() {
    open_workspace();
}

void Download::open_workspace() {
    on_disk<std::unique_ptr<disk::Workspace>>(
        [files = session_.files(), directory = options_.directory, hash = info_hash_] {
            return disk::Workspace::open(files, directory, hash);
        },
        [this](std::unique_ptr<disk::Workspace> workspace) {
            workspace_ = std::move(workspace);
            if (const auto* torrent = std::get_if<metainfo::Metainfo>(&options_.source)) {
                return on_info(torrent->info);
            }
            find_metadata();
        });
}

void Download::find_metadata() {
    on_disk<std::optional<ByteVector>>(
        [workspace = workspace_] { return workspace->torrent(); },
        [this](std::optional<ByteVector> kept) {
            if (kept) {
                const auto torrent = metainfo::Metainfo::parse(*kept);
                if (torrent && torrent->info->info_hash() == info_hash_) {
                    return on_info(torrent->info);
                }
            }
            stage_ = Stage::metadata;
            make_transfer().start();
        });
}

void Download::on_metadata(ByteVector encoded) {
    auto info = metainfo::Info::parse(std::move(encoded));
    if (!info)
        return fail_with({info.error().code, "the peers' metadata: " + info.error().message});
    if (!info->has_v1() && !info->has_layers()) {
        return fail_with(
            {ErrorCode::unsupported,
             "a v2-only torrent cannot be fetched by magnet link yet: use its .torrent"});
    }
    const auto shared = std::make_shared<const metainfo::Info>(std::move(*info));
    metainfo::Metainfo torrent{.info = shared, .trackers = tiers_};
    on_disk<void>([workspace = workspace_,
                   bytes = torrent.encode()] { return workspace->keep_torrent(bytes_of(bytes)); },
                  [this, shared] { on_info(shared); });
}

Result<std::vector<bool>> Download::choose_files() const {
    const auto& files = info_->layout().files();
    if (options_.wanted.size() == files.size()) return options_.wanted;
    std::vector<bool> wanted(files.size(), true);
    const auto* magnet = std::get_if<metainfo::Magnet>(&options_.source);
    if (magnet != nullptr && !magnet->selected.empty()) {
        for (std::size_t i = 0; i < files.size(); ++i) {
            wanted[i] = std::ranges::any_of(magnet->selected, [&](const auto& range) {
                return i >= range.first && i <= range.second;
            });
        }
    }
    if (options_.files.empty()) return wanted;
    const auto matching = match_files(*info_, options_.files);
    if (!matching) return matching;
    bool any = false;
    for (std::size_t i = 0; i < files.size(); ++i) {
        wanted[i] = wanted[i] && (*matching)[i];
        any = any || (wanted[i] && !files[i].padding);
    }
    if (any) return wanted;
    return fail(ErrorCode::not_found, "no file of {} matches --files: see `shoal info`",
                printable(info_->name()));
}

void Download::on_info(std::shared_ptr<const metainfo::Info> info) {
    info_ = std::move(info);
    if (target() == disk::Workspace::folder_name) {
        return on_disk<void>(
            [workspace = workspace_] { return workspace->discard(); },
            [this] {
                fail_with({ErrorCode::refused,
                           fmt::format("a torrent called '{}' cannot be downloaded: unfinished "
                                       "downloads live in the folder of that name",
                                       target())});
            });
    }
    auto wanted = choose_files();
    if (!wanted) return fail_with(wanted.error());
    wanted_files_ = std::move(*wanted);
    stage_ = Stage::checking;
    on_disk<disk::Standing>(
        [workspace = workspace_, info = info_, target = target(),
         take_back = options_.take_back]() -> Result<disk::Standing> {
            if (take_back) {
                if (auto taken = workspace->take_back(*info, target); !taken) {
                    return std::unexpected(taken.error());
                }
            }
            return workspace->standing(info, target);
        },
        [this](disk::Standing standing) { prepare(standing); });
}

void Download::prepare(disk::Standing standing) {
    if (standing == disk::Standing::published) {
        // An earlier run ended between moving the content and tidying up.
        return on_disk<std::shared_ptr<disk::Storage>>(
            [workspace = workspace_, info = info_, target = target()] {
                return workspace->adopt(info, target);
            },
            [this](const std::shared_ptr<disk::Storage>&) { check_existing(); });
    }
    if (standing == disk::Standing::name_taken) {
        return on_disk<void>([workspace = workspace_] { return workspace->discard(); },
                             [this] { check_existing(); });
    }
    on_disk<std::shared_ptr<disk::Storage>>(
        [workspace = workspace_, info = info_, wanted = wanted_files_,
         handles = session_.handles()] {
            return workspace->open_storage(info, {.wanted = wanted, .handles = handles});
        },
        [this](std::shared_ptr<disk::Storage> storage) {
            storage_ = std::move(storage);
            recover(storage_);
        });
}

void Download::recover(std::shared_ptr<disk::Storage> storage) {
    on_disk<disk::ResumePlan>(
        [workspace = workspace_, storage]() -> Result<disk::ResumePlan> {
            Random random(random_seed());
            return workspace->load(*storage, random);
        },
        [this, storage](disk::ResumePlan plan) {
            if (!plan.doubt.empty())
                spdlog::warn("{}: {}", printable(name()), printable(plan.doubt));
            earlier_downloaded_ = plan.downloaded;
            earlier_uploaded_ = plan.uploaded;
            // Pieces of padding alone never come from peers: their hash is checked here.
            const auto& layout = info_->layout();
            for (std::uint32_t i = 0; i < layout.piece_count(); ++i) {
                const PieceIndex piece(i);
                if (layout.piece_data_size(piece) == 0 && !plan.believed[piece]) {
                    plan.check.push_back(piece);
                }
            }
            to_check_ = plan.sample.size() + plan.check.size();
            disk::CheckOptions check;
            check.progress = while_alive([this](PieceIndex, metainfo::Verdict) { ++checked_; });
            check.stop = stop_check_.get_token();
            session_.disk().recover(storage, std::move(plan), std::move(check),
                                    while_alive([this](Result<Bitfield> have) {
                                        if (stopping_) return;
                                        if (!have) return fail_with(have.error());
                                        transfer_from(std::move(*have));
                                    }));
        });
}

void Download::check_existing() {
    const auto path = options_.directory / target();
    on_disk<std::shared_ptr<disk::Storage>>(
        [info = info_, files = session_.files(), handles = session_.handles(), path,
         other = something_else()]() -> Result<std::shared_ptr<disk::Storage>> {
            auto storage = disk::open_content(info, *files, path, handles);
            if (!storage && storage.error().code == ErrorCode::bad_data) {
                return std::unexpected(other);
            }
            return storage;
        },
        [this](std::shared_ptr<disk::Storage> storage) {
            storage_ = std::move(storage);
            Bitfield required = pieces_inside_files(info_->layout(), wanted_files_);
            std::vector<PieceIndex> pieces;
            required.for_each_set(
                [&](std::size_t i) { pieces.emplace_back(static_cast<std::uint32_t>(i)); });
            to_check_ = pieces.size();
            disk::CheckOptions check;
            check.progress = while_alive([this](PieceIndex, metainfo::Verdict) { ++checked_; });
            check.stop = stop_check_.get_token();
            session_.disk().check(storage_, std::move(pieces), std::move(check),
                                  while_alive([this, required](Result<Bitfield> good) {
                                      on_existing_checked(required, std::move(good));
                                  }));
        });
}

void Download::on_existing_checked(const Bitfield& required, Result<Bitfield> good) {
    if (stopping_) return;
    if (good && *good == required && sizes_match()) return seed_only(std::move(*good));
    fail_with(something_else());
}

Error Download::something_else() const {
    return {ErrorCode::refused,
            fmt::format("{} exists already and is not this torrent's content: move it away or "
                        "choose another folder with -o",
                        printable((options_.directory / target()).native()))};
}

bool Download::sizes_match() const {
    const auto reports = disk::inspect(*storage_);
    for (std::size_t i = 0; i < reports.size(); ++i) {
        if (wanted_files_[i] && reports[i].state != disk::FileState::present) return false;
    }
    return true;
}

Transfer& Download::make_transfer() {
    TransferOptions options{.info_hash = info_hash_,
                            .trackers = tiers_,
                            .user_trackers = options_.trackers,
                            .peers = options_.peers,
                            .single_source = options_.single_source,
                            .only_these_peers = options_.only_these_peers,
                            .max_down = options_.max_down,
                            .max_up = options_.max_up,
                            .members_only = options_.members_only};
    TransferCallbacks callbacks;
    callbacks.on_metadata = [this](ByteVector info) { on_metadata(std::move(info)); };
    callbacks.on_finished = [this] { publish(); };
    callbacks.on_error = [this](Error error) { fail_with(std::move(error)); };
    transfer_ = std::make_unique<Transfer>(session_, std::move(options), std::move(callbacks));
    return *transfer_;
}

void Download::transfer_from(Bitfield have) {
    stage_ = Stage::transferring;
    saved_pieces_ = have.count();
    Content content{info_, storage_, std::move(have), wanted_pieces(*storage_)};
    const bool connected = transfer_ != nullptr;
    Transfer& transfer = connected ? *transfer_ : make_transfer();
    transfer.begin(std::move(content));
    if (!connected) transfer.start();
    save_later();
    if (transfer.finished()) publish();
}

void Download::seed_only(Bitfield have) {
    if (options_.seed) {
        transfer_.reset();
        Transfer& transfer = make_transfer();
        const Bitfield wanted = have;
        transfer.begin({info_, storage_, std::move(have), wanted});
        transfer.start();
    }
    report_complete();
}

disk::Progress Download::progress(bool clean) const {
    const TransferStatus now = transfer_->status();
    return {.pieces = transfer_->have(),
            .downloaded = earlier_downloaded_ + now.downloaded,
            .uploaded = earlier_uploaded_ + now.uploaded,
            .clean = clean};
}

void Download::save_later() {
    save_timer_.expires_after(save_period);
    save_timer_.async_wait(while_alive([this](boost::system::error_code error) {
        if (error || stopping_ || stage_ != Stage::transferring) return;
        if (transfer_->have().count() == saved_pieces_) return save_later();
        saved_pieces_ = transfer_->have().count();
        session_.disk().sync_and_save(workspace_, storage_, progress(false),
                                      while_alive([this](Result<void> saved) {
                                          if (stopping_) return;
                                          if (!saved) return fail_with(saved.error());
                                          save_later();
                                      }));
    }));
}

void Download::publish() {
    stage_ = Stage::complete;
    save_timer_.cancel();
    on_disk<void>([workspace = workspace_, storage = storage_, reached = progress(true),
                   target = target()] { return workspace->publish(*storage, reached, target); },
                  [this] { on_published(); });
}

void Download::on_published() {
    transfer_->completed();
    if (options_.seed && !std::ranges::all_of(wanted_files_, std::identity{})) {
        // What lay in `parts` went with the workspace and is no longer offered.
        return seed_only(pieces_inside_files(info_->layout(), wanted_files_));
    }
    report_complete();
}

void Download::report_complete() {
    stage_ = Stage::complete;
    ByteCount bytes = 0;
    for (std::size_t i = 0; i < wanted_files_.size(); ++i) {
        const auto& file = info_->layout().files()[i];
        if (wanted_files_[i] && !file.padding) bytes += file.length;
    }
    boost::asio::post(session_.executor(),
                      while_alive([this, bytes] { callbacks_.on_complete(bytes); }));
}

void Download::stop(std::function<void(Result<void>)> done) {
    stopping_ = true;
    stop_check_.request_stop();
    save_timer_.cancel();
    const auto save = [this, done = std::move(done)] {
        const bool unsaved = stage_ == Stage::transferring && transfer_ && storage_;
        if (!unsaved) return done({});
        session_.disk().sync_and_save(workspace_, storage_, progress(true), done);
    };
    const auto wait = [this, save] {
        when_idle_ = save;
        end_when_idle();
    };
    if (!transfer_) {
        boost::asio::post(session_.executor(), while_alive(wait));
        return;
    }
    transfer_->stop(while_alive(wait));
}

void Download::end_when_idle() {
    if (on_disk_ > 0 || !when_idle_) return;
    // Later, when what the disk gave back last is gone.
    boost::asio::post(session_.executor(), while_alive(std::exchange(when_idle_, nullptr)));
}

void Download::set_limits(ByteCount max_down, ByteCount max_up) {
    options_.max_down = max_down;
    options_.max_up = max_up;
    if (transfer_) transfer_->set_limits(max_down, max_up);
}

DownloadStatus Download::status() const {
    DownloadStatus status{.stage = stage_};
    if (to_check_ > 0)
        status.checked = static_cast<double>(checked_) / static_cast<double>(to_check_);
    if (transfer_) status.transfer = transfer_->status();
    return status;
}

std::vector<PieceIndex> Download::unavailable(std::size_t limit) const {
    return transfer_ ? transfer_->unavailable(limit) : std::vector<PieceIndex>{};
}

}  // namespace shoal::engine
