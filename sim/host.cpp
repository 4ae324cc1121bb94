#include "sim/host.h"

#include <algorithm>

#include "base/hash.h"
#include "wire/encoder.h"

namespace shoal::sim {
namespace {

constexpr Duration tick_period = 100ms;
/// What may lie in a host's own send queue; a real line is as deep.
constexpr Duration queue_depth = 100ms;
constexpr Duration hashing_time = 2ms;

Duration time_for(std::size_t bytes, double rate) {
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(static_cast<double>(bytes) / rate));
}

}  // namespace

Content Content::make(std::uint32_t pieces, std::uint32_t piece_length, std::uint64_t seed) {
    Content content;
    metainfo::File file;
    file.path = {"content"};
    // The last piece is short and its last block shorter, as they mostly are.
    file.length = static_cast<ByteCount>(pieces) * piece_length - piece_length / 3;
    content.layout = metainfo::Layout({file}, piece_length);
    content.bytes.resize(static_cast<std::size_t>(file.length));
    Random random(seed);
    for (auto& byte : content.bytes) byte = static_cast<std::byte>(random());
    for (std::uint32_t i = 0; i < pieces; ++i) {
        const PieceIndex piece(i);
        content.digests.push_back(
            sha1(Bytes(content.bytes)
                     .subspan(static_cast<std::size_t>(content.layout.piece_offset(piece)),
                              content.layout.piece_size(piece))));
    }
    return content;
}

Host::Host(Timeline& timeline, const Content& content, std::uint32_t number, HostOptions options,
           std::uint64_t seed)
    : timeline_(timeline),
      content_(content),
      number_(number),
      options_(std::move(options)),
      random_(seed),
      budget_{.limit = options_.memory} {
    const std::size_t pieces = content.layout.piece_count();
    torrent_ =
        std::make_unique<swarm::Torrent>(content.layout, options_.have, Bitfield(pieces, true),
                                         options_.settings, budget_, random_());
    if (complete()) completed_at_ = timeline.now();
    timeline_.after(Duration(1ms) * random_.below(100), [this] { tick(); });
}

Host::~Host() = default;

void Host::connect(Host& a, Host& b, Duration delay) {
    const auto knows = [](const Host& host, const Host& other) {
        return std::ranges::any_of(host.lines_,
                                   [&](const auto& line) { return line.second->other == &other; });
    };
    const auto rejects = [](const Host& host, const Host& other) {
        return host.gone_ || host.thrown_out_.contains(other.number_);
    };
    if (&a == &b || rejects(a, b) || rejects(b, a) || knows(a, b)) return;
    const swarm::PeerKey key_a(a.next_key_++);
    const swarm::PeerKey key_b(b.next_key_++);
    const auto join = [&](Host& host, Host& other, swarm::PeerKey key, swarm::PeerKey there) {
        auto line = std::make_unique<Line>();
        line->other = &other;
        line->key = key;
        line->key_there = there;
        line->delay = delay;
        const auto greeting = wire::Handshake{.fast = true}.encode();
        host.transmit(*line, {greeting.begin(), greeting.end()});
        host.lines_[key] = std::move(line);
        host.torrent_->add_peer(key, {.fast = true}, host.timeline_.now());
    };
    join(a, b, key_a, key_b);
    join(b, a, key_b, key_a);
    a.settle();
    b.settle();
}

void Host::leave() {
    gone_ = true;
    while (!lines_.empty()) hang_up(lines_.begin()->first);
}

void Host::tick() {
    if (gone_) return;
    if (options_.manners == Manners::staller && random_.below(100) == 0) {
        mute_until_ = timeline_.now() + Duration(1s) * random_.below(40);
    }
    torrent_->tick(timeline_.now());
    settle();
    pump();
    timeline_.after(tick_period, [this] { tick(); });
}

void Host::hang_up(swarm::PeerKey key) {
    const auto found = lines_.find(key);
    if (found == lines_.end()) return;
    const auto line = std::move(found->second);
    lines_.erase(found);
    torrent_->remove_peer(key, timeline_.now());
    timeline_.after(line->delay, [other = line->other, there = line->key_there] {
        other->hang_up(there);
        other->settle();
    });
}

void Host::settle() {
    if (settling_) return;
    settling_ = true;
    for (bool more = true; more;) {
        const swarm::Outcome outcome = torrent_->take_outcome();
        more =
            !outcome.to_flush.empty() || !outcome.disconnects.empty() || !outcome.to_park.empty();
        for (const auto key : outcome.to_flush) {
            if (!lines_.contains(key)) continue;
            transmit(*lines_.at(key), std::exchange(torrent_->outbox(key), {}));
        }
        for (const auto& gone : outcome.disconnects) {
            if (!lines_.contains(gone.peer)) continue;
            if (gone.ban) thrown_out_.insert(lines_.at(gone.peer)->other->number_);
            hang_up(gone.peer);
        }
        for (const auto piece : outcome.to_park) torrent_->piece_parked(piece, timeline_.now());
        for (const auto piece : outcome.to_store) {
            timeline_.after(hashing_time, [this, piece] { verify(piece); });
        }
        if (outcome.finished) completed_at_ = timeline_.now();
        if (!outcome.to_upload.empty()) pump();
    }
    settling_ = false;
}

void Host::verify(PieceIndex piece) {
    if (gone_) return;
    const auto node = memory_.extract(piece);
    const ByteVector& bytes = node.mapped();
    std::vector<Sha1Digest> blocks;
    for (std::size_t at = 0; at < bytes.size(); at += block_size) {
        blocks.push_back(
            sha1(Bytes(bytes).subspan(at, std::min<std::size_t>(block_size, bytes.size() - at))));
    }
    if (sha1(bytes) == content_.digests[piece.value()]) {
        disk_[piece] = bytes;
        torrent_->piece_good(piece, blocks, timeline_.now());
    } else {
        torrent_->piece_bad(piece, blocks, timeline_.now());
    }
    settle();
}

void Host::arrive(swarm::PeerKey key, ByteVector bytes) {
    if (!options_.download_rate) return on_bytes(key, bytes);
    downlink_free_ =
        std::max(timeline_.now(), downlink_free_) + time_for(bytes.size(), *options_.download_rate);
    timeline_.at(downlink_free_, [this, key, data = std::move(bytes)] {
        if (!gone_) on_bytes(key, data);
    });
}

void Host::on_bytes(swarm::PeerKey key, const ByteVector& bytes) {
    for (Bytes rest = bytes; !rest.empty() && lines_.contains(key);) {
        Line& line = *lines_.at(key);
        std::size_t taken = 0;
        for (const MutableBytes buffer : line.decoder.prepare()) {
            const std::size_t n = std::min(buffer.size(), rest.size() - taken);
            std::ranges::copy(rest.subspan(taken, n), buffer.begin());
            taken += n;
        }
        line.decoder.commit(taken);
        rest = rest.subspan(taken);
        while (lines_.contains(key)) {
            auto event = line.decoder.poll();
            if (!event) {
                hang_up(key);
                break;
            }
            if (!*event) break;
            on_event(line, **event);
        }
    }
    settle();
}

void Host::on_event(Line& line, const wire::Event& event) {
    const TimePoint now = timeline_.now();
    if (const auto* message = std::get_if<wire::Message>(&event)) {
        if (!torrent_->receive(line.key, *message, now)) hang_up(line.key);
    } else if (const auto* start = std::get_if<wire::BlockStart>(&event)) {
        const bool wanted = torrent_->begin_block(line.key, start->range, now);
        line.decoder.accept_block(wanted ? memory_of(start->range) : MutableBytes{});
    } else if (const auto* end = std::get_if<wire::BlockEnd>(&event)) {
        if (end->accepted) {
            torrent_->end_block(line.key, end->range, now);
        } else {
            torrent_->refused_block(line.key, end->range, now);
        }
    }
}

MutableBytes Host::memory_of(const BlockRange& range) {
    ByteVector& bytes = memory_[range.piece];
    if (bytes.empty()) bytes.resize(content_.layout.piece_size(range.piece));
    return MutableBytes(bytes).subspan(range.offset, range.length);
}

void Host::transmit(Line& line, ByteVector bytes) {
    const TimePoint start = std::max({timeline_.now(), uplink_free_, mute_until_});
    uplink_free_ = start + time_for(bytes.size(), options_.upload_rate);
    sent_ += static_cast<ByteCount>(bytes.size());
    timeline_.at(uplink_free_ + line.delay,
                 [other = line.other, there = line.key_there, data = std::move(bytes)]() mutable {
                     if (!other->gone_) other->arrive(there, std::move(data));
                 });
}

void Host::pump() {
    bool any = true;
    while (any && uplink_free_ < timeline_.now() + queue_depth) {
        any = false;
        for (const auto& [key, line] : lines_) {
            const auto range = torrent_->next_upload(key, timeline_.now());
            if (!range) continue;
            any = true;
            torrent_->uploaded(key, range->length, timeline_.now());
            transmit(*line, block_message(*range));
        }
    }
    if (!any || pump_planned_) return;
    pump_planned_ = true;
    timeline_.at(uplink_free_ - queue_depth / 2, [this] {
        pump_planned_ = false;
        if (!gone_) pump();
    });
}

ByteVector Host::block_message(const BlockRange& range) {
    const auto header = wire::encode_piece_header(range);
    ByteVector message(header.begin(), header.end());
    const auto at =
        static_cast<std::size_t>(content_.layout.piece_offset(range.piece)) + range.offset;
    const Bytes data = Bytes(content_.bytes).subspan(at, range.length);
    message.insert(message.end(), data.begin(), data.end());
    if (options_.manners == Manners::liar && random_.below(8) == 0) {
        message.back() ^= std::byte{1};
    }
    return message;
}

bool Host::consistent() const {
    if (!torrent_->consistent()) return false;
    for (const auto& [piece, bytes] : disk_) {
        if (sha1(bytes) != content_.digests[piece.value()]) return false;
    }
    for (std::size_t i = 0; i < have().size(); ++i) {
        const PieceIndex piece(static_cast<std::uint32_t>(i));
        if (have()[i] != (options_.have[i] || disk_.contains(piece))) return false;
    }
    return true;
}

}  // namespace shoal::sim
