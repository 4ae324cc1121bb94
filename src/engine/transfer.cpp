#include "engine/transfer.h"

#include <algorithm>
#include <cassert>

#include "base/log.h"
#include "base/text.h"
#include "wire/encoder.h"
#include "wire/extension.h"

namespace shoal::engine {
namespace {

/// Blocks are made ready and queued in batches of about a quarter second of the peer's line, so
/// that a slow line is not filled with what may be cancelled, nor a fast one with small portions.
constexpr std::size_t smallest_batch = 16 << 10;
constexpr std::size_t largest_batch = 1 << 20;
constexpr double batch_seconds = 0.25;
/// Batches of one peer that the disk works on while the one before is being sent.
constexpr int most_batches = 2;
/// Bytes that may wait to be sent to one peer before it is read from again; more than the batches
/// come to.
constexpr std::size_t most_queued = 8 << 20;

}  // namespace

Transfer::Transfer(Session& session, TransferOptions options, TransferCallbacks callbacks)
    : session_(session),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      limiters_(std::make_shared<Limiters>(
          Limiters{net::RateLimiter(session.executor(), options_.max_down),
                   net::RateLimiter(session.executor(), options_.max_up)})),
      known_(random_seed()) {
    for (const auto& peer : options_.peers) known_.add(peer);
    discovery::AnnouncerOptions announce;
    announce.info_hash = options_.info_hash;
    announce.peer_id = session.peer_id();
    announce.port = session.port();
    announce.tiers = options_.trackers;
    announce.user_trackers = options_.user_trackers;
    announce.http = session.options().http;
    announce.http.local_address = session.options().from;
    discovery::AnnouncerCallbacks answers;
    answers.on_peers = [this](const std::vector<net::TcpEndpoint>& peers) {
        if (takes_from_named_alone()) return;
        for (const auto& peer : peers) known_.add(net::normalised(peer));
        connect_more(Clock::now());
    };
    answers.stats = [this]() -> discovery::TransferStats {
        const TransferStatus now = status();
        const ByteCount left = torrent_ ? now.total - now.have : 1;
        return {.uploaded = now.uploaded, .downloaded = now.downloaded, .left = left};
    };
    answers.on_status = [](const discovery::TrackerStatus& tracker) {
        using State = discovery::TrackerStatus::State;
        if (tracker.state != State::failing && tracker.state != State::disabled) return;
        spdlog::warn("tracker {}: {}", tracker.url, tracker.message);
    };
    announcer_ = std::make_unique<discovery::Announcer>(session.executor(), std::move(announce),
                                                        std::move(answers));
}

Transfer::~Transfer() {
    session_.remove(*this);
    stopped_ = true;
    while (!peers_.empty()) peers_.begin()->second->close("the transfer ends");
}

void Transfer::start() {
    session_.add(options_.info_hash, *this);
    if (!content_) fetch_.emplace(options_.info_hash);
    announcer_->start();
    connect_more(Clock::now());
}

void Transfer::begin(Content content) {
    content_ = std::move(content);
    fetch_.reset();
    const metainfo::Layout& layout = content_->info->layout();
    for (std::uint32_t i = 0; i < layout.piece_count(); ++i) {
        if (!content_->wanted[i]) continue;
        wanted_bytes_ += layout.piece_data_size(PieceIndex(i));
        if (content_->have[i]) have_bytes_ += layout.piece_data_size(PieceIndex(i));
    }
    memory_ = std::make_unique<PieceMemory>(layout, session_.buffers());
    torrent_ = std::make_unique<swarm::Torrent>(
        layout, content_->have, content_->wanted,
        swarm::Settings{.single_source = options_.single_source}, session_.budget(), random_seed());
    // Those that gave us the metadata are told what we have, and what they said is heard now.
    const auto peers = peers_;
    for (const auto& [key, peer] : peers) {
        if (!peer->greeted) continue;
        introduce(*peer);
        replay(*peer);
    }
    early_.clear();
    settle();
}

void Transfer::completed() {
    announcer_->completed();
    for (const auto& [key, peer] : peers_) {
        if (peer->upload_only_id == 0) continue;
        const ByteVector yes = {std::byte{1}};
        send_message(*peer, wire::Extended{peer->upload_only_id, yes});
        peer->flush();
    }
}

void Transfer::stop(std::function<void()> done) {
    stopped_ = true;
    session_.remove(*this);
    connecting_.clear();
    while (!peers_.empty()) peers_.begin()->second->close("the transfer ends");
    announcer_->stop(std::move(done));
}

void Transfer::set_limits(ByteCount max_down, ByteCount max_up) {
    limiters_->down.set_rate(max_down);
    limiters_->up.set_rate(max_up);
}

TransferStatus Transfer::status() const {
    const TimePoint now = Clock::now();
    return {.have = have_bytes_,
            .total = wanted_bytes_,
            .downloaded = downloaded_,
            .uploaded = uploaded_,
            .down = down_.rate(now),
            .up = up_.rate(now),
            .peers = peers_.size(),
            .unavailable = torrent_ ? torrent_->pieces().unavailable_count() : 0};
}

std::vector<PieceIndex> Transfer::unavailable(std::size_t limit) const {
    return torrent_ ? torrent_->pieces().unavailable(limit) : std::vector<PieceIndex>{};
}

std::vector<discovery::TrackerStatus> Transfer::trackers() const {
    return announcer_->status();
}

void Transfer::tick(TimePoint now) {
    const auto peers = peers_;
    for (const auto& [key, peer] : peers) peer->check_time(now);
    if (fetch_) ask_for_metadata();
    if (torrent_ && !peers_.empty()) {
        torrent_->tick(now);
        settle();
    }
    connect_more(now);
}

void Transfer::settle() {
    if (settling_ || !torrent_) return;
    settling_ = true;
    while (!stopped_) {
        swarm::Outcome outcome = torrent_->take_outcome();
        const bool nothing = outcome.to_flush.empty() && outcome.to_upload.empty() &&
                             outcome.to_store.empty() && outcome.to_park.empty() &&
                             outcome.disconnects.empty() && !outcome.finished;
        if (nothing) break;
        settle_once(std::move(outcome));
    }
    settling_ = false;
}

void Transfer::settle_once(swarm::Outcome outcome) {
    for (const PieceIndex piece : outcome.to_store) store(piece);
    for (const PieceIndex piece : outcome.to_park) park(piece);
    for (const auto& gone : outcome.disconnects) {
        if (gone.ban && addresses_.contains(gone.peer)) known_.punish(addresses_.at(gone.peer));
        if (const auto found = peers_.find(gone.peer); found != peers_.end()) {
            if (gone.ban)
                spdlog::warn("banned {}: {}", net::to_text(addresses_.at(gone.peer)), gone.reason);
            const auto peer = found->second;
            peer->dropped = true;
            peer->close(gone.reason);
        }
    }
    for (const auto key : outcome.to_flush) {
        if (!peers_.contains(key)) continue;
        const auto peer = peers_.at(key);
        peer->send(torrent_->outbox(key));
        peer->flush();
    }
    for (const auto key : outcome.to_upload) {
        if (!peers_.contains(key)) continue;
        const auto peer = peers_.at(key);
        upload(*peer);
    }
    if (outcome.finished) {
        boost::asio::post(session_.executor(), while_alive([this] { callbacks_.on_finished(); }));
    }
}

MutableBytes Transfer::on_block_start(PeerConnection& peer, const BlockRange& range) {
    if (!torrent_ || !torrent_->knows(peer.key)) return {};
    if (!torrent_->begin_block(peer.key, range, Clock::now())) return {};
    const MutableBytes place = memory_->place(range);
    if (place.empty()) torrent_->abort_block(range);
    return place;
}

void Transfer::on_block_end(PeerConnection& peer, const BlockRange& range, bool accepted) {
    if (!torrent_ || !torrent_->knows(peer.key)) return;
    const TimePoint now = Clock::now();
    down_.add(range.length, now);
    downloaded_ += range.length;
    if (!accepted) return torrent_->refused_block(peer.key, range, now);
    memory_->received(range);
    torrent_->end_block(peer.key, range, now);
}

void Transfer::expect_blocks(const PeerConnection& peer, std::vector<wire::ExpectedBlock>& blocks) {
    if (!torrent_ || !torrent_->knows(peer.key)) return;
    expected_.clear();
    torrent_->expect_blocks(peer.key, wire::BlockTrain::most, expected_);
    for (const BlockRange& range : expected_) {
        const MutableBytes place = memory_->place(range);
        if (place.empty()) break;
        blocks.push_back({range, place});
    }
}

void Transfer::store(PieceIndex piece) {
    if (const auto spilling = spilling_.find(piece); spilling != spilling_.end()) {
        spilling->second = true;
        return;
    }
    disk::PieceJob job = memory_->take(piece);
    job.want_digests = torrent_->wants_digests(piece);
    session_.disk().store_piece(content_->storage, std::move(job),
                                while_alive([this, piece](Result<disk::PieceOutcome> result) {
                                    on_stored(piece, std::move(result));
                                }));
}

void Transfer::on_stored(PieceIndex piece, Result<disk::PieceOutcome> result) {
    const TimePoint now = Clock::now();
    if (!result) {
        torrent_->set_paused(true, now);
        torrent_->piece_lost(piece, now);
        return fail_with(result.error());
    }
    switch (result->verdict) {
        case metainfo::Verdict::good:
            if (content_->wanted[piece])
                have_bytes_ += content_->info->layout().piece_data_size(piece);
            torrent_->piece_good(piece, result->block_hashes, now);
            break;
        case metainfo::Verdict::bad:
            spdlog::warn("piece {} failed its hash", piece.value());
            torrent_->piece_bad(piece, result->block_hashes, now);
            break;
        case metainfo::Verdict::halves_disagree:
            torrent_->set_paused(true, now);
            torrent_->piece_lost(piece, now);
            fail_with({ErrorCode::bad_data,
                       fmt::format("the torrent's v1 and v2 hashes of piece {} contradict each "
                                   "other: it was made wrongly",
                                   piece.value())});
            break;
    }
    settle();
}

void Transfer::park(PieceIndex piece) {
    spilling_[piece] = false;
    session_.disk().spill(content_->storage, piece, memory_->park(piece),
                          while_alive([this, piece](Result<void> result) {
                              const bool whole = spilling_.extract(piece).mapped();
                              if (!result) {
                                  torrent_->set_paused(true, Clock::now());
                                  return fail_with(result.error());
                              }
                              torrent_->piece_parked(piece, Clock::now());
                              if (whole) store(piece);
                              settle();
                          }));
}

void Transfer::fail_with(Error error) {
    if (std::exchange(failed_, true)) return;
    boost::asio::post(session_.executor(), while_alive([this, error = std::move(error)] {
                          callbacks_.on_error(error);
                      }));
}

bool Transfer::wants_input(const PeerConnection& peer) const {
    // Who does not read our answers is asked to wait with its questions.
    if (peer.queued() > most_queued) return false;
    return !torrent_ || !torrent_->knows(peer.key) || torrent_->wants_input(peer.key);
}

void Transfer::on_room(PeerConnection& peer) {
    upload(peer);
    peer.resume_input();
}

void Transfer::on_sent(PeerConnection& peer, std::size_t payload) {
    const TimePoint now = Clock::now();
    up_.add(static_cast<ByteCount>(payload), now);
    uploaded_ += static_cast<ByteCount>(payload);
    if (torrent_ && torrent_->knows(peer.key)) {
        torrent_->uploaded(peer.key, static_cast<std::uint32_t>(payload), now);
    }
}

void Transfer::upload(PeerConnection& peer) {
    if (!torrent_ || stopped_ || !torrent_->knows(peer.key)) return;
    const double rate = torrent_->upload_rate(peer.key, Clock::now());
    const auto batch =
        std::clamp(static_cast<std::size_t>(rate * batch_seconds), smallest_batch, largest_batch);
    peer.fit_queue(rate);
    while (peer.queued() < batch && peer.batches_on_disk < most_batches) {
        if (!torrent_->has_upload(peer.key)) break;
        std::vector<BlockRange> blocks;
        blocks.reserve(batch / block_size + 1);
        for (std::size_t bytes = 0; bytes < batch; bytes += blocks.back().length) {
            const auto block = torrent_->next_upload(peer.key, Clock::now());
            if (!block) break;
            blocks.push_back(*block);
        }
        if (blocks.empty()) break;
        ++peer.batches_on_disk;
        session_.disk().locate(content_->storage, blocks,
                               while_alive([this, blocks, peer = peer.shared_from_this()](
                                               Result<std::vector<disk::Extent>> extents) {
                                   --peer->batches_on_disk;
                                   if (peer->closed()) return;
                                   if (!extents) return fail_with(extents.error());
                                   peer->send_blocks(blocks, std::move(*extents));
                                   peer->flush();
                               }));
    }
}

}  // namespace shoal::engine
