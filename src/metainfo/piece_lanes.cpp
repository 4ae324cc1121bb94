#include "metainfo/piece_lanes.h"

#include <algorithm>
#include <cassert>

namespace shoal::metainfo {

void PieceLanes::begin(std::size_t lane, const Layout& layout, Format format, PieceIndex piece) {
    const std::uint32_t data = layout.piece_data_size(piece);
    lanes_[lane] = {.format = format,
                    .data_left = data,
                    .padding_left = format == Format::v2 ? 0 : layout.piece_size(piece) - data,
                    .merkle_leaves = format == Format::v1 ? 0 : layout.merkle_leaves(piece),
                    .blocks = {}};
    v1_.restart(lane);
}

void PieceLanes::update(const std::array<Bytes, count>& parts) {
    update_v1(parts);
    update_v2(parts);
    for (std::size_t i = 0; i < count; ++i) {
        assert(parts[i].size() <= lanes_[i].data_left);
        lanes_[i].data_left -= static_cast<std::uint32_t>(parts[i].size());
        assert(lanes_[i].data_left == 0 || parts[i].size() % block_size == 0);
    }
}

void PieceLanes::update_v1(const std::array<Bytes, count>& parts) {
    static constexpr std::array<std::byte, block_size> zeros{};
    std::array<Bytes, count> messages;
    for (std::size_t i = 0; i < count; ++i) {
        Lane& lane = lanes_[i];
        if (lane.format == Format::v2) continue;
        messages[i] = parts[i];
        if (lane.data_left > 0) continue;
        messages[i] = Bytes(zeros).first(std::min<std::size_t>(lane.padding_left, zeros.size()));
        lane.padding_left -= static_cast<std::uint32_t>(messages[i].size());
    }
    v1_.update(messages);
}

void PieceLanes::update_v2(const std::array<Bytes, count>& parts) {
    blocks_.clear();
    for (std::size_t i = 0; i < count; ++i) {
        if (lanes_[i].format == Format::v1) continue;
        for (Bytes rest = parts[i]; !rest.empty();) {
            blocks_.push_back(rest.first(std::min<std::size_t>(rest.size(), block_size)));
            rest = rest.subspan(blocks_.back().size());
        }
    }
    if (blocks_.empty()) return;
    block_digests_.resize(blocks_.size());
    hashing::digest_many<Sha256Digest>(blocks_, block_digests_);
    std::span<const Sha256Digest> rest = block_digests_;
    for (std::size_t i = 0; i < count; ++i) {
        if (lanes_[i].format == Format::v1) continue;
        const std::size_t blocks = (parts[i].size() + block_size - 1) / block_size;
        lanes_[i].blocks.add(rest.first(blocks));
        rest = rest.subspan(blocks);
    }
}

std::uint32_t PieceLanes::left(std::size_t lane) const {
    return lanes_[lane].data_left + lanes_[lane].padding_left;
}

std::uint32_t PieceLanes::data_left(std::size_t lane) const {
    return lanes_[lane].data_left;
}

PieceDigests PieceLanes::finish(std::size_t lane) {
    assert(left(lane) == 0);
    PieceDigests digests;
    if (lanes_[lane].format != Format::v2) digests.v1 = v1_.finish(lane);
    if (lanes_[lane].format != Format::v1) {
        digests.v2 = lanes_[lane].blocks.finish(lanes_[lane].merkle_leaves);
    }
    return digests;
}

}  // namespace shoal::metainfo
