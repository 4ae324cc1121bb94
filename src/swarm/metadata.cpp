#include "swarm/metadata.h"

#include <algorithm>

#include "base/hash.h"
#include "metainfo/metainfo.h"

namespace shoal::swarm {
namespace {

/// Requests on their way to the current peer.
constexpr std::uint32_t window = 8;
constexpr Duration patience = 5s;
constexpr Duration pause_after_failure = 15s;
/// Doubled each time, so that a slow line ends up with time enough.
constexpr Duration first_turn = 10s;

std::uint32_t piece_count(std::uint32_t size) {
    return (size + metadata_piece_size - 1) / metadata_piece_size;
}

}  // namespace

wire::MetadataMessage metadata_answer(Bytes info, std::uint32_t piece) {
    using Type = wire::MetadataMessage::Type;
    const std::size_t offset = std::size_t{piece} * metadata_piece_size;
    if (offset >= info.size()) return {.type = Type::reject, .piece = piece};
    return {.type = Type::data,
            .piece = piece,
            .total_size = static_cast<std::uint32_t>(info.size()),
            .data = info.subspan(offset,
                                 std::min<std::size_t>(metadata_piece_size, info.size() - offset))};
}

bool MetadataFetch::add_peer(PeerKey key, std::uint32_t claimed_size) {
    if (claimed_size == 0 || claimed_size > metainfo::max_torrent_bytes) return false;
    if (std::ranges::find(sources_, key, &Source::key) == sources_.end()) {
        sources_.push_back({.key = key, .size = claimed_size, .turn = first_turn});
    }
    return true;
}

void MetadataFetch::remove_peer(PeerKey key) {
    std::erase_if(sources_, [&](const Source& source) { return source.key == key; });
    if (current_ == key) start_over();
}

void MetadataFetch::start_over() {
    current_.reset();
    data_.clear();
    received_ = 0;
    requested_ = 0;
}

std::optional<PeerKey> MetadataFetch::on_data(PeerKey key, const wire::MetadataMessage& message) {
    if (result_ || current_ != key) return std::nullopt;  // a late answer
    const auto source = std::ranges::find(sources_, key, &Source::key);
    const std::size_t offset = std::size_t{received_} * metadata_piece_size;
    const std::size_t expected = std::min<std::size_t>(metadata_piece_size, source->size - offset);
    // The memory grows with what has really arrived, whatever size was claimed.
    if (message.piece != received_ || message.data.size() != expected ||
        message.total_size != source->size) {
        return key;
    }
    data_.insert(data_.end(), message.data.begin(), message.data.end());
    ++received_;
    source->asked = now_;
    if (received_ < piece_count(source->size)) return std::nullopt;

    const bool matches =
        Digest<20>::from(sha256(data_).view()) == info_hash_ || sha1(data_) == info_hash_;
    if (!matches) return key;
    result_ = std::move(data_);
    return std::nullopt;
}

void MetadataFetch::on_reject(PeerKey key) {
    const auto source = std::ranges::find(sources_, key, &Source::key);
    if (source == sources_.end()) return;
    source->again_at = now_ + pause_after_failure;
    if (current_ == key) start_over();
}

MetadataFetch::Source* MetadataFetch::choose(TimePoint now) {
    Source* best = nullptr;
    for (Source& source : sources_) {
        if (source.again_at > now || current_ == source.key) continue;
        if (best == nullptr || source.again_at < best->again_at) best = &source;
    }
    return best;
}

void MetadataFetch::give_up(Source& source, TimePoint now) {
    source.again_at = now + pause_after_failure;
    start_over();
}

std::vector<MetadataFetch::Ask> MetadataFetch::next(TimePoint now) {
    now_ = now;
    if (result_) return {};
    if (current_) {
        const auto source = std::ranges::find(sources_, *current_, &Source::key);
        if (now - source->asked > patience) {
            give_up(*source, now);
        } else if (now - source->turn_begin > source->turn && choose(now) != nullptr) {
            source->turn *= 2;
            give_up(*source, now);
        }
    }
    std::vector<Ask> asks;
    if (!current_) {
        Source* source = choose(now);
        if (source == nullptr) return {};
        current_ = source->key;
        source->asked = now;
        source->turn_begin = now;
    }
    const auto source = std::ranges::find(sources_, *current_, &Source::key);
    const std::uint32_t last = std::min(received_ + window, piece_count(source->size));
    for (; requested_ < last; ++requested_) asks.push_back({*current_, requested_});
    return asks;
}

}  // namespace shoal::swarm
