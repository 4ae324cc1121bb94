#include "metainfo/piece_lanes.h"

#include <gtest/gtest.h>
#include <map>

#include "torrents.h"

namespace shoal::metainfo {
namespace {

using testing::content;
using testing::row_of;
using testing::TestFile;

constexpr std::size_t portion = 4 * block_size;

std::vector<TestFile> files() {
    return {{{"big"}, content(3'000'000, 1)},
            {{"empty"}, ""},
            {{"mid"}, content(65'536, 2)},
            {{"one"}, content(1, 3)},
            {{"small"}, content(20'000, 4)}};
}

Layout layout_of(Format format, std::uint32_t piece_length) {
    NewTorrent torrent{
        .name = "f", .folder = true, .files = {}, .format = format, .piece_length = piece_length};
    for (const TestFile& file : files())
        torrent.files.push_back({file.path, std::ssize(file.bytes)});
    return TorrentMaker::plan(std::move(torrent))->layout();
}

Bytes data_of(const Layout& layout, PieceIndex piece, const std::string& row) {
    return bytes_of(row).subspan(static_cast<std::size_t>(layout.piece_offset(piece)),
                                 layout.piece_data_size(piece));
}

PieceDigests expected(const Layout& layout, Format format, PieceIndex piece,
                      const std::string& row) {
    return testing::digests_of(layout, format, piece, data_of(layout, piece, row));
}

/// Puts a torrent's pieces through the lanes; a lane that is through takes the next piece.
class Torrent {
  public:
    Torrent(PieceLanes& lanes, Format format, std::uint32_t piece_length)
        : lanes_(lanes),
          format_(format),
          layout_(layout_of(format, piece_length)),
          row_(row_of(layout_, files())) {}

    void begin(std::size_t lane) {
        const PieceIndex piece(next_++);
        lanes_.begin(lane, layout_, format_, piece);
        pieces_[lane] = piece;
    }
    [[nodiscard]] bool at_end() const { return next_ == layout_.piece_count(); }
    [[nodiscard]] Bytes part(std::size_t lane) const {
        const std::size_t left = lanes_.data_left(lane);
        return data_of(layout_, pieces_.at(lane), row_).last(left).first(std::min(left, portion));
    }
    void finish(std::size_t lane) {
        const PieceDigests found = lanes_.finish(lane);
        const PieceDigests wanted = expected(layout_, format_, pieces_.at(lane), row_);
        EXPECT_EQ(found.v1, wanted.v1) << format_name(format_) << " " << pieces_.at(lane).value();
        EXPECT_EQ(found.v2, wanted.v2) << format_name(format_) << " " << pieces_.at(lane).value();
        ++checked;
    }

    std::uint32_t checked = 0;
    [[nodiscard]] std::uint32_t piece_count() const { return layout_.piece_count(); }

  private:
    PieceLanes& lanes_;
    Format format_;
    Layout layout_;
    std::string row_;
    std::uint32_t next_ = 0;
    std::map<std::size_t, PieceIndex> pieces_;
};

TEST(PieceLanes, DigestPiecesOfSeveralTorrentsAsOneByOne) {
    PieceLanes lanes;
    std::vector<Torrent> runs;
    for (const std::uint32_t length : {16'384u, 65'536u, 262'144u}) {
        for (const Format format : {Format::v1, Format::v2, Format::hybrid}) {
            runs.emplace_back(lanes, format, length);
        }
    }
    std::array<Torrent*, PieceLanes::count> in_lane{};
    for (std::size_t turn = 0;; ++turn) {
        std::array<Bytes, PieceLanes::count> parts;
        bool any = false;
        for (std::size_t lane = 0; lane < PieceLanes::count; ++lane) {
            Torrent& next = runs[(turn + lane) % runs.size()];
            if (in_lane[lane] == nullptr && !next.at_end()) {
                in_lane[lane] = &next;
                next.begin(lane);
            }
            if (in_lane[lane] == nullptr) continue;
            parts[lane] = in_lane[lane]->part(lane);
            any = true;
        }
        if (!any && std::ranges::all_of(runs, &Torrent::at_end)) break;
        lanes.update(parts);
        for (std::size_t lane = 0; lane < PieceLanes::count; ++lane) {
            if (in_lane[lane] == nullptr || lanes.left(lane) > 0) continue;
            std::exchange(in_lane[lane], nullptr)->finish(lane);
        }
    }
    for (const Torrent& run : runs) EXPECT_EQ(run.checked, run.piece_count());
}

TEST(PieceLanes, ForgetAPieceThatWasBegunWhenAnotherIs) {
    const std::string bytes = content(2 * portion);
    const Layout layout({{.path = {"a"}, .length = std::ssize(bytes)}},
                        static_cast<std::uint32_t>(bytes.size()));
    PieceLanes lanes;
    std::array<Bytes, PieceLanes::count> parts;
    lanes.begin(5, layout, Format::hybrid, PieceIndex(0));
    parts[5] = bytes_of(bytes).first(portion);
    lanes.update(parts);
    lanes.begin(5, layout, Format::hybrid, PieceIndex(0));
    lanes.update(parts);
    EXPECT_EQ(lanes.left(5), portion);
    parts[5] = bytes_of(bytes).last(portion);
    lanes.update(parts);
    ASSERT_EQ(lanes.left(5), 0u);
    const PieceDigests found = lanes.finish(5);
    const PieceDigests wanted = expected(layout, Format::hybrid, PieceIndex(0), bytes);
    EXPECT_EQ(found.v1, wanted.v1);
    EXPECT_EQ(found.v2, wanted.v2);
}

}  // namespace
}  // namespace shoal::metainfo
