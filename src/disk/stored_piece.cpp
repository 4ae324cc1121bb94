#include "disk/stored_piece.h"

#include <algorithm>
#include <cassert>

#include "hashing/many.h"

namespace shoal::disk {
namespace {

[[maybe_unused]] bool is_whole(const Storage& storage, const PieceJob& job) {
    std::uint32_t end = 0;
    for (const Segment& segment : job.segments) {
        if (segment.offset != end || end % block_size != 0) return false;
        end += segment.length;
    }
    return end == storage.layout().piece_data_size(job.piece);
}

/// SHA-1 of each block; what is on disk already is read back.
Result<std::vector<Sha1Digest>> hash_blocks(const Storage& storage, const PieceJob& job) {
    std::vector<Sha1Digest> digests;
    ByteVector spilled;
    std::vector<Bytes> blocks;
    for (const Segment& segment : job.segments) {
        Bytes rest;
        if (segment.buffer) {
            rest = segment.data();
        } else {
            spilled.resize(segment.length);
            auto read = storage.read(job.piece, segment.offset, spilled);
            if (!read) return std::unexpected(read.error());
            rest = spilled;
        }
        blocks.clear();
        for (; !rest.empty(); rest = rest.subspan(blocks.back().size())) {
            blocks.push_back(rest.first(std::min<std::size_t>(rest.size(), block_size)));
        }
        const std::size_t before = digests.size();
        digests.resize(before + blocks.size());
        hashing::digest_many<Sha1Digest>(blocks, std::span(digests).subspan(before));
    }
    return digests;
}

}  // namespace

Result<void> write_segments(Storage& storage, PieceIndex piece,
                            const std::vector<Segment>& segments) {
    std::vector<Bytes> together;
    for (auto at = segments.begin(); at != segments.end();) {
        if (!at->buffer) {
            ++at;
            continue;
        }
        const std::uint32_t begin = at->offset;
        std::uint32_t end = begin;
        together.clear();
        for (; at != segments.end() && at->buffer && at->offset == end; ++at) {
            together.push_back(at->data());
            end += at->length;
        }
        if (auto done = storage.write(piece, begin, together); !done) return done;
    }
    return {};
}

StoredPiece::StoredPiece(std::shared_ptr<Storage> storage, PieceJob job, Handler handler)
    : PieceTask(storage->layout(), metainfo::checked_format(storage->info()), job.piece),
      storage_(std::move(storage)),
      job_(std::move(job)),
      handler_(std::move(handler)) {
    assert(is_whole(*storage_, job_));
}

void StoredPiece::read_ahead(const BlockRange& /*range*/) {
    // What was spilled was written a moment ago.
}

Result<Bytes> StoredPiece::read(std::uint32_t offset, MutableBytes scratch) {
    while (offset >= job_.segments[segment_].offset + job_.segments[segment_].length) ++segment_;
    const Segment& segment = job_.segments[segment_];
    const std::uint32_t done = offset - segment.offset;
    const std::size_t size = std::min<std::size_t>(scratch.size(), segment.length - done);
    if (segment.buffer) return segment.data().subspan(done, size);
    if (auto read = storage_->read(piece(), offset, scratch.first(size)); !read) {
        return std::unexpected(read.error());
    }
    return scratch.first(size);
}

void StoredPiece::end(const Result<metainfo::PieceDigests>& result) {
    auto outcome = result ? finish(*result) : Result<PieceOutcome>(std::unexpected(result.error()));
    job_.segments.clear();
    handler_(std::move(outcome));
}

Result<PieceOutcome> StoredPiece::finish(const metainfo::PieceDigests& digests) {
    PieceOutcome outcome{metainfo::judge(storage_->info(), piece(), digests), {}};
    if (outcome.verdict == metainfo::Verdict::good) {
        auto written = write_segments(*storage_, piece(), job_.segments);
        if (!written) return std::unexpected(written.error());
        if (!job_.want_digests) return outcome;
    }
    auto blocks = hash_blocks(*storage_, job_);
    if (!blocks) return std::unexpected(blocks.error());
    outcome.block_hashes = std::move(*blocks);
    return outcome;
}

}  // namespace shoal::disk
