// A torrent that is accepted is whole: its layout adds up, its names are safe, its pieces have
// hashes, and written again it is the same torrent.
#include "metainfo/metainfo.h"

#include <algorithm>

#include "metainfo/path.h"
#include "metainfo/piece_lanes.h"
#include "metainfo/verdict.h"
#include "require.h"

using namespace shoal;
using namespace shoal::metainfo;

namespace {

void check_name(const std::string& name) {
    REQUIRE(!name.empty() && name != "." && name != "..");
    REQUIRE(name.size() <= max_name_bytes);
    REQUIRE(name.find('/') == std::string::npos && name.find('\0') == std::string::npos);
}

void check_files(const Info& info) {
    const Layout& layout = info.layout();
    ByteCount offset = 0;
    std::vector<std::vector<std::string>> paths;
    for (const File& file : layout.files()) {
        REQUIRE(file.length >= 0 && file.offset == offset);
        offset += file.length;
        if (file.padding) continue;
        REQUIRE(!file.path.empty() && file.path.size() <= max_path_depth);
        std::ranges::for_each(file.path, check_name);
        paths.push_back(file.path);
        if (info.has_v2() && file.length > 0) {
            REQUIRE(file.offset % layout.piece_length() == 0);
            REQUIRE(!file.pieces_root.is_zero());
        }
    }
    REQUIRE(offset == layout.total_size());
    std::ranges::sort(paths);
    REQUIRE(std::ranges::adjacent_find(paths) == paths.end());
}

void check_piece(const Info& info, PieceIndex piece) {
    const Layout& layout = info.layout();
    const std::uint32_t size = layout.piece_size(piece);
    REQUIRE(size > 0 && size <= layout.piece_length());
    REQUIRE(layout.piece_data_size(piece) <= size);
    ByteCount covered = 0;
    for (const FileSlice& slice : layout.slices(BlockRange{piece, 0, size})) {
        const File& file = layout.file(slice.file);
        REQUIRE(slice.length > 0 && slice.offset + slice.length <= file.length);
        if (covered < layout.piece_data_size(piece)) {
            const auto [first, end] = layout.pieces_of(slice.file);
            REQUIRE(first <= piece && piece < end);
        }
        covered += slice.length;
    }
    REQUIRE(covered == size);
    static const ByteVector zeros(1 << 20);
    if (layout.piece_data_size(piece) > zeros.size()) return;
    PieceLanes lanes;
    lanes.begin(0, layout, checked_format(info), piece);
    std::array<Bytes, PieceLanes::count> parts;
    parts[0] = Bytes(zeros).first(layout.piece_data_size(piece));
    lanes.update(parts);
    while (lanes.left(0) > 0) lanes.update({});
    static_cast<void>(judge(info, piece, lanes.finish(0)));
}

void check(const Metainfo& torrent) {
    const Info& info = *torrent.info;
    check_name(info.name());
    check_files(info);
    REQUIRE(info.has_layers());
    const std::uint32_t pieces = info.layout().piece_count();
    REQUIRE(pieces <= max_pieces);
    for (std::uint32_t i = 0; i < std::min(pieces, 8u); ++i) check_piece(info, PieceIndex(i));
    if (pieces > 0) check_piece(info, PieceIndex(pieces - 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input = std::as_bytes(std::span(data, size));
    static_cast<void>(Info::parse(ByteVector(input.begin(), input.end())));
    const auto torrent = Metainfo::parse(input);
    if (!torrent) return 0;
    check(*torrent);
    const std::string written = torrent->encode();
    const auto again = Metainfo::parse(bytes_of(written));
    REQUIRE(again);
    REQUIRE(again->info->info_hash() == torrent->info->info_hash());
    REQUIRE(again->trackers == torrent->trackers);
    REQUIRE(again->encode() == written);
    return 0;
}
