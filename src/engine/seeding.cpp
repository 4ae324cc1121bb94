#include "engine/seeding.h"

#include <algorithm>

#include "base/text.h"
#include "disk/content.h"
#include "engine/file_choice.h"

namespace shoal::engine {
namespace {

bool looks_whole(const disk::Storage& storage, const std::vector<bool>& wanted) {
    const auto reports = disk::inspect(storage);
    for (std::size_t i = 0; i < reports.size(); ++i) {
        const bool missing = reports[i].state != disk::FileState::present;
        if (missing && (wanted.empty() || wanted[i])) return false;
    }
    return true;
}

}  // namespace

template <class Handler>
auto Seeding::while_alive(Handler handler) {
    return [alive = std::weak_ptr(alive_), handler = std::move(handler)](auto&&... args) mutable {
        if (alive.lock()) handler(std::forward<decltype(args)>(args)...);
    };
}

Seeding::Seeding(Session& session, SeedingOptions options, SeedingCallbacks callbacks)
    : session_(session), options_(std::move(options)), callbacks_(std::move(callbacks)) {}

Seeding::~Seeding() {
    stop_check_.request_stop();
}

void Seeding::start() {
    struct Opened {
        std::shared_ptr<disk::Storage> storage;
        bool verified = false;
    };
    session_.disk().run<Opened>(
        [info = options_.torrent.info, files = session_.files(), path = options_.path,
         handles = session_.handles(), wanted = options_.wanted,
         verified = options_.verified]() -> Result<Opened> {
            auto storage = disk::open_content(info, *files, path, handles);
            if (!storage) return std::unexpected(storage.error());
            const bool whole = verified && looks_whole(**storage, wanted);
            return Opened{std::move(*storage), whole};
        },
        while_alive([this](Result<Opened> opened) {
            if (stopping_) return;
            if (!opened) return callbacks_.on_error(opened.error());
            if (opened->verified) {
                return serve(std::move(opened->storage), required());
            }
            check(std::move(opened->storage));
        }));
}

/// The pieces that are to be there.
Bitfield Seeding::required() const {
    const metainfo::Layout& layout = options_.torrent.info->layout();
    if (options_.wanted.empty()) return Bitfield(layout.piece_count(), true);
    return pieces_inside_files(layout, options_.wanted);
}

void Seeding::check(std::shared_ptr<disk::Storage> storage) {
    std::vector<PieceIndex> pieces;
    required().for_each_set(
        [&](std::size_t i) { pieces.emplace_back(static_cast<std::uint32_t>(i)); });
    disk::CheckOptions options;
    options.stop = stop_check_.get_token();
    session_.disk().check(storage, std::move(pieces), std::move(options),
                          while_alive([this, storage](Result<Bitfield> good) {
                              if (stopping_) return;
                              if (!good) return callbacks_.on_error(good.error());
                              serve(storage, std::move(*good));
                          }));
}

void Seeding::serve(std::shared_ptr<disk::Storage> storage, Bitfield good) {
    if (good != required() && !options_.partial) {
        const auto reports = disk::inspect(*storage);
        const auto worst = std::ranges::find_if(
            reports, [](const auto& report) { return report.state != disk::FileState::present; });
        const std::string why = worst != reports.end()
                                    ? worst->problem
                                    : fmt::format("{} of {} pieces are damaged",
                                                  good.size() - good.count(), good.size());
        return callbacks_.on_error(
            {ErrorCode::bad_data, fmt::format("{} is not complete: {} (--partial serves the rest)",
                                              printable(name()), why)});
    }
    TransferOptions options{.info_hash = options_.torrent.info->info_hash(),
                            .trackers = options_.torrent.trackers,
                            .user_trackers = options_.trackers,
                            .peers = options_.peers,
                            .max_down = options_.max_down,
                            .max_up = options_.max_up,
                            .members_only = options_.members_only};
    TransferCallbacks callbacks;
    callbacks.on_metadata = [](ByteVector) {};
    callbacks.on_finished = [] {};
    callbacks.on_error = [this](Error error) { callbacks_.on_error(std::move(error)); };
    transfer_ = std::make_unique<Transfer>(session_, std::move(options), std::move(callbacks));
    const Bitfield wanted = good;
    transfer_->begin({options_.torrent.info, std::move(storage), std::move(good), wanted});
    transfer_->start();
    callbacks_.on_ready();
}

void Seeding::stop(std::function<void()> done) {
    stopping_ = true;
    stop_check_.request_stop();
    if (transfer_) {
        transfer_->stop(std::move(done));
    } else {
        boost::asio::post(session_.executor(), std::move(done));
    }
}

void Seeding::set_limits(ByteCount max_down, ByteCount max_up) {
    options_.max_down = max_down;
    options_.max_up = max_up;
    if (transfer_) transfer_->set_limits(max_down, max_up);
}

TransferStatus Seeding::status() const {
    return transfer_ ? transfer_->status() : TransferStatus{};
}

}  // namespace shoal::engine
