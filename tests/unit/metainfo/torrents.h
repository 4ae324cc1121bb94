// Torrents for the tests of the metainfo folder, made from a few words.
#pragma once
#include <string>
#include <vector>

#include "base/hash.h"
#include "bencode/writer.h"
#include "metainfo/create.h"
#include "metainfo/merkle.h"

namespace shoal::metainfo::testing {

inline ByteVector owned(std::string_view text) {
    const Bytes bytes = bytes_of(text);
    return {bytes.begin(), bytes.end()};
}

/// Bytes that differ from place to place, the same in every run.
inline std::string content(std::size_t size, std::uint32_t seed = 1) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
        seed = seed * 1664525u + 1013904223u;
        byte = static_cast<char>(seed >> 24);
    }
    return bytes;
}

struct TestFile {
    std::vector<std::string> path;
    std::string bytes;
    bool executable = false;
};

/// The row of bytes that a layout's pieces are cut from; files are found by their paths.
inline std::string row_of(const Layout& layout, const std::vector<TestFile>& files) {
    std::string row;
    for (const File& entry : layout.files()) {
        if (entry.padding) {
            row.append(static_cast<std::size_t>(entry.length), '\0');
            continue;
        }
        for (const TestFile& file : files) {
            if (file.path == entry.path) row += file.bytes;
        }
    }
    return row;
}

/// The digests of a piece from its bytes without padding, block by block: the straight way, that
/// the quick one is compared with.
inline PieceDigests digests_of(const Layout& layout, Format format, PieceIndex piece, Bytes bytes) {
    PieceDigests digests;
    if (format != Format::v2) {
        Sha1 v1;
        v1.update(bytes);
        v1.update(ByteVector(layout.piece_size(piece) - bytes.size()));
        digests.v1 = v1.finish();
    }
    if (format != Format::v1) {
        MerkleRoot blocks;
        for (std::size_t at = 0; at < bytes.size(); at += block_size) {
            const Bytes block = bytes.subspan(at);
            const Sha256Digest leaf =
                sha256(block.first(std::min<std::size_t>(block.size(), block_size)));
            blocks.add(std::span(&leaf, 1));
        }
        digests.v2 = blocks.finish(layout.merkle_leaves(piece));
    }
    return digests;
}

/// Plans, hashes and finishes a torrent of these files.
inline Result<Info> make(Format format, const std::vector<TestFile>& files,
                         std::uint32_t piece_length, const std::string& name = "folder",
                         bool folder = true) {
    NewTorrent torrent{.name = name,
                       .folder = folder,
                       .files = {},
                       .format = format,
                       .piece_length = piece_length,
                       .is_private = false};
    for (const TestFile& file : files) {
        torrent.files.push_back(
            {file.path, static_cast<ByteCount>(file.bytes.size()), file.executable});
    }
    auto maker = TorrentMaker::plan(std::move(torrent));
    if (!maker) return std::unexpected(maker.error());
    const Layout& layout = maker->layout();
    const std::string row = row_of(layout, files);
    for (std::uint32_t i = 0; i < layout.piece_count(); ++i) {
        const PieceIndex piece(i);
        const Bytes bytes = bytes_of(row).subspan(
            static_cast<std::size_t>(layout.piece_offset(piece)), layout.piece_data_size(piece));
        maker->set(piece, digests_of(layout, format, piece, bytes));
    }
    return maker->finish();
}

/// An info dictionary of one file, v1, with `pieces` hashes that nothing matches.
inline std::string info_v1(ByteCount length, ByteCount piece_length, std::size_t pieces) {
    bencode::Writer writer;
    writer.begin_dictionary();
    writer.key("length").integer(length).key("name").string("file");
    writer.key("piece length").integer(piece_length);
    writer.key("pieces").string(std::string(pieces * 20, 'h'));
    return writer.end().finish();
}

}  // namespace shoal::metainfo::testing
