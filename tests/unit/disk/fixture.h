// Torrents with their bytes, and pieces of them as they would come from peers.
#pragma once
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "../metainfo/torrents.h"
#include "disk/storage.h"
#include "metainfo/verdict.h"

namespace shoal::disk::testing {

using metainfo::Format;
using metainfo::Verdict;
using metainfo::testing::TestFile;

/// A torrent and the row of bytes that its pieces are cut from.
struct Torrent {
    std::shared_ptr<const metainfo::Info> info;
    std::vector<TestFile> files;
    std::string row;

    [[nodiscard]] const metainfo::Layout& layout() const { return info->layout(); }
    [[nodiscard]] std::uint32_t piece_count() const { return layout().piece_count(); }
    [[nodiscard]] Bytes piece(PieceIndex index) const {
        return bytes_of(row).subspan(static_cast<std::size_t>(layout().piece_offset(index)),
                                     layout().piece_data_size(index));
    }
};

inline Torrent make_torrent(std::vector<TestFile> files, Format format = Format::v1,
                            const std::string& name = "folder", bool folder = true,
                            std::uint32_t piece_length = 16 << 10) {
    auto info = metainfo::testing::make(format, files, piece_length, name, folder);
    EXPECT_TRUE(info) << info.error().message;
    Torrent torrent;
    torrent.info = std::make_shared<const metainfo::Info>(std::move(*info));
    torrent.files = std::move(files);
    torrent.row = metainfo::testing::row_of(torrent.layout(), torrent.files);
    return torrent;
}

/// Some files that share pieces, one of them empty and one in a folder below.
inline Torrent folder_torrent(Format format = Format::v1) {
    using metainfo::testing::content;
    return make_torrent({{{"a"}, content(50'000, 1)},
                         {{"b", "c"}, content(5'000, 2)},
                         {{"b", "d"}, ""},
                         {{"e"}, content(40'000, 3)}},
                        format);
}

inline Torrent file_torrent(std::size_t size, std::uint32_t piece_length = 16 << 10) {
    return make_torrent({{{"file"}, metainfo::testing::content(size, 7)}}, Format::v1, "file",
                        false, piece_length);
}

inline Result<void> write_piece(Storage& storage, const Torrent& torrent, std::uint32_t index) {
    const Bytes bytes = torrent.piece(PieceIndex(index));
    return storage.write(PieceIndex(index), 0, std::span(&bytes, 1));
}

inline void write_all(Storage& storage, const Torrent& torrent) {
    for (std::uint32_t i = 0; i < torrent.piece_count(); ++i) {
        const auto done = write_piece(storage, torrent, i);
        ASSERT_TRUE(done) << done.error().message;
    }
}

/// What the piece is worth as it lies on disk; an error is a disk that cannot be read.
inline Result<Verdict> verify(const Storage& storage, PieceIndex piece) {
    ByteVector bytes(storage.layout().piece_data_size(piece));
    if (auto done = storage.read(piece, 0, bytes); !done) {
        if (is_absence(done.error())) return Verdict::bad;
        return std::unexpected(done.error());
    }
    const metainfo::Info& info = storage.info();
    const auto digests =
        metainfo::testing::digests_of(info.layout(), metainfo::checked_format(info), piece, bytes);
    return metainfo::judge(info, piece, digests);
}

/// The message of an error, or nothing: for assertions that print it.
template <class T>
std::string message_of(const Result<T>& result) {
    return result ? std::string() : result.error().message;
}

}  // namespace shoal::disk::testing
