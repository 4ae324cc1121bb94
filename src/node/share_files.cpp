// The side of a Share that deals with files and bytes: which are wanted, how much of them is here,
// how fast they move.
#include <algorithm>
#include <functional>

#include "base/text.h"
#include "engine/file_choice.h"
#include "node/share.h"

namespace shoal::node {
namespace {

ByteCount size_of(const metainfo::Layout& layout, const std::vector<bool>& wanted) {
    ByteCount size = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const metainfo::File& file = layout.files()[i];
        if (wanted[i] && !file.padding) size += file.length;
    }
    return size;
}

ByteCount size_of(const metainfo::Layout& layout, const Bitfield& pieces, const Bitfield& among) {
    ByteCount size = 0;
    pieces.for_each_set([&](std::size_t i) {
        if (among[i]) size += layout.piece_data_size(PieceIndex(static_cast<std::uint32_t>(i)));
    });
    return size;
}

}  // namespace

std::vector<bool> Share::wanted_files() const {
    if (!info_) return {};
    return wanted_of(item_.unwanted, info_->layout().files().size());
}

Bitfield Share::pieces_here() const {
    if (const Bitfield* known = have()) return *known;
    if (!info_) return Bitfield();
    if (item_.complete) return engine::pieces_inside_files(info_->layout(), wanted_files());
    const std::size_t pieces = info_->layout().piece_count();
    return kept_.size() == pieces ? kept_ : Bitfield(pieces);
}

Result<void> Share::check_choice(const std::vector<bool>& wanted) const {
    if (!info_ || hash_) {
        return fail(ErrorCode::refused,
                    "the files of '{}' are not known yet: wait until they are listed",
                    printable(item_.name));
    }
    if (!item_.from_peers() || (item_.complete && item_.unwanted.empty())) {
        return fail(ErrorCode::refused, "all files of '{}' are here already",
                    printable(item_.name));
    }
    if (size_of(info_->layout(), wanted) == 0) {
        return fail(ErrorCode::usage,
                    "at least one file has to stay wanted: remove the item to "
                    "fetch nothing of it");
    }
    if (unwanted_ranges(wanted).size() > max_file_ranges) {
        return fail(ErrorCode::usage, "these are more than {} ranges of files: choose fewer",
                    max_file_ranges);
    }
    const std::vector<bool> before = wanted_files();
    for (std::size_t i = 0; item_.complete && i < wanted.size(); ++i) {
        if (before[i] && !wanted[i]) {
            return fail(ErrorCode::refused, "file {} of '{}' is here already", i,
                        printable(item_.name));
        }
    }
    return {};
}

void Share::choose(const std::vector<bool>& wanted, std::function<void()> done) {
    if (item_.complete) {
        kept_ = pieces_here();
        item_.complete = false;
        item_.taken_back = true;
        item_.stamp.reset();
    }
    item_.unwanted = unwanted_ranges(wanted);
    note_wanted();
    halt(std::move(done));
}

SpeedHistory::Sample Share::note_speed() {
    SpeedHistory::Sample now;
    if (const engine::Transfer* moving = transfer()) {
        const engine::TransferStatus status = moving->status();
        now = {static_cast<ByteCount>(status.down), static_cast<ByteCount>(status.up)};
    }
    speeds_.add(now);
    return now;
}

void Share::set_limits(ByteCount max_down, ByteCount max_up,
                       std::function<void(Result<void>)> done) {
    item_.max_down = max_down;
    item_.max_up = max_up;
    if (seeding_) seeding_->set_limits(max_down, max_up);
    if (download_) download_->set_limits(max_down, max_up);
    save(std::move(done));
    workshop_.changed(*this);
}

void Share::note_wanted() {
    wanted_size_ = info_ ? size_of(info_->layout(), wanted_files()) : 0;
    note_progress();
}

/// What is here of an unfinished download stays known while nothing is under way.
void Share::note_progress() {
    if (!info_ || item_.complete) return;
    if (const Bitfield* known = have()) kept_ = *known;
    const metainfo::Layout& layout = info_->layout();
    if (kept_.size() != layout.piece_count()) kept_ = Bitfield(layout.piece_count());
    const Bitfield pieces = engine::pieces_of_files(layout, wanted_files());
    kept_total_ = size_of(layout, pieces, pieces);
    kept_bytes_ = size_of(layout, kept_, pieces);
}

}  // namespace shoal::node
