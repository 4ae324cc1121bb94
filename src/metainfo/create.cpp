#include "metainfo/create.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <fmt/format.h>
#include <map>

#include "base/text.h"
#include "bencode/writer.h"
#include "metainfo/merkle.h"
#include "metainfo/path.h"

namespace shoal::metainfo {
namespace {

constexpr std::uint32_t smallest_piece = block_size;
constexpr std::uint32_t largest_chosen_piece = 16 << 20;

/// A name that parsing would change could not be found again by those who have the file.
Result<void> check_name(std::string_view name) {
    const auto safe = safe_component(name, NameRules::posix);
    if (safe && *safe == name) return {};
    return fail(ErrorCode::bad_data,
                "'{}' cannot be shared under this name: rename it (no backslash, at most {} bytes, "
                "valid UTF-8)",
                printable(name), max_name_bytes);
}

Result<void> check_names(const NewTorrent& torrent) {
    if (auto ok = check_name(torrent.name); !ok) return ok;
    for (const NewFile& file : torrent.files) {
        for (const std::string& name : file.path) {
            if (auto ok = check_name(name); !ok) return ok;
        }
        const std::string path = join_path(file.path);
        if (file.path.size() > max_path_depth || path.size() > max_path_bytes) {
            return fail(ErrorCode::bad_data, "'{}' is too deep inside the folder to be shared",
                        printable(path));
        }
    }
    return {};
}

Result<void> check_piece_length(std::uint32_t length) {
    if (length >= smallest_piece && length <= max_piece_length && std::has_single_bit(length)) {
        return {};
    }
    return fail(ErrorCode::usage, "{} is no piece length: choose a power of two from 16K to {}M",
                length, max_piece_length >> 20);
}

void write_attributes(bencode::Writer& writer, const File& file) {
    if (file.padding) {
        writer.key("attr").string("p");
    } else if (file.executable) {
        writer.key("attr").string("x");
    }
}

void write_files_v1(bencode::Writer& writer, const Layout& layout) {
    writer.key("files").begin_list();
    for (const File& file : layout.files()) {
        writer.begin_dictionary();
        write_attributes(writer, file);
        writer.key("length").integer(file.length).key("path").begin_list();
        if (file.padding) writer.string(".pad").string(fmt::format("{}", file.length));
        for (const std::string& name : file.path) writer.string(name);
        writer.end().end();
    }
    writer.end();
}

/// The files come in order, so that a folder's files stand together.
void write_tree_v2(bencode::Writer& writer, const std::vector<File>& files) {
    writer.key("file tree").begin_dictionary();
    std::vector<std::string> open;
    for (const File& file : files) {
        if (file.padding) continue;
        const auto folder_end = file.path.end() - 1;
        const auto same =
            std::ranges::mismatch(open, std::ranges::subrange(file.path.begin(), folder_end));
        for (auto rest = open.end() - same.in1; rest > 0; --rest) writer.end();
        open.assign(file.path.begin(), folder_end);
        for (auto name = same.in2; name != folder_end; ++name) writer.key(*name).begin_dictionary();
        writer.key(file.path.back()).begin_dictionary().key("").begin_dictionary();
        write_attributes(writer, file);
        writer.key("length").integer(file.length);
        if (file.length > 0) writer.key("pieces root").string(file.pieces_root.view());
        writer.end().end();
    }
    for (std::size_t i = 0; i < open.size(); ++i) writer.end();
    writer.end();
}

void sort_files(NewTorrent& torrent) {
    if (torrent.format != Format::v1) {
        std::ranges::sort(torrent.files, {}, &NewFile::path);
        return;
    }
    std::vector<std::pair<std::string, NewFile>> keyed;
    keyed.reserve(torrent.files.size());
    for (NewFile& file : torrent.files) keyed.emplace_back(join_path(file.path), std::move(file));
    std::ranges::sort(keyed, {}, [](const auto& pair) -> const auto& { return pair.first; });
    for (std::size_t i = 0; i < keyed.size(); ++i) torrent.files[i] = std::move(keyed[i].second);
}

/// The files in the order of the torrent, with the padding between them. Takes their paths.
std::vector<File> arrange(NewTorrent& torrent) {
    sort_files(torrent);
    const std::uint32_t piece_length = torrent.piece_length;
    const bool pads = torrent.format != Format::v1;
    // Hybrids in the field pad the end of the last file too, unless it is the only one.
    const bool pads_end = torrent.format == Format::hybrid && torrent.files.size() > 1;
    std::vector<File> files;
    ByteCount size = 0;
    const auto pad = [&] {
        const ByteCount rest = size % piece_length;
        if (!pads || rest == 0) return;
        files.push_back({.length = piece_length - rest, .padding = true});
        size += piece_length - rest;
    };
    for (NewFile& file : torrent.files) {
        pad();
        size += file.length;
        files.push_back({.path = std::move(file.path),
                         .length = file.length,
                         .executable = file.executable && pads});
    }
    if (pads_end) pad();
    return files;
}

}  // namespace

std::uint32_t choose_piece_length(ByteCount content_size) {
    std::uint32_t length = smallest_piece;
    while (length < largest_chosen_piece && content_size / length > 2000) length *= 2;
    return length;
}

Result<TorrentMaker> TorrentMaker::plan(NewTorrent torrent) {
    if (torrent.files.empty()) {
        return fail(ErrorCode::usage, "there is no file to share in '{}'", printable(torrent.name));
    }
    TorrentMaker maker;
    ByteCount content = 0;
    for (const NewFile& file : torrent.files) content += file.length;
    if (torrent.piece_length == 0) torrent.piece_length = choose_piece_length(content);
    const std::uint32_t piece_length = torrent.piece_length;
    if (auto ok = check_piece_length(piece_length); !ok) return std::unexpected(ok.error());
    if (auto ok = check_names(torrent); !ok) return std::unexpected(ok.error());
    std::vector<File> files = arrange(torrent);
    ByteCount size = 0;
    for (const File& file : files) size += file.length;
    torrent.files.clear();
    if (size / piece_length >= max_pieces) {
        return fail(ErrorCode::usage,
                    "pieces of {} would be more than {}: choose a larger piece length",
                    format_size(piece_length), max_pieces);
    }
    if (auto ok = settle_paths(files, NameRules::posix); !ok) return std::unexpected(ok.error());
    if (torrent.format != Format::v1 && torrent.folder && files.size() == 1 &&
        files[0].path.size() == 1 && files[0].path[0] == torrent.name) {
        return fail(ErrorCode::usage,
                    "'{}' holds one file of the same name, which v2 cannot tell from the file "
                    "alone: use --format v1, or rename one of them",
                    printable(torrent.name));
    }
    maker.layout_ = Layout(std::move(files), piece_length);
    maker.pieces_v1_.resize(torrent.format != Format::v2 ? maker.layout_.piece_count() : 0);
    maker.pieces_v2_.resize(torrent.format != Format::v1 ? maker.layout_.piece_count() : 0);
    maker.torrent_ = std::move(torrent);
    return maker;
}

void TorrentMaker::set(PieceIndex piece, const PieceDigests& digests) {
    if (!pieces_v1_.empty()) pieces_v1_[piece.value()] = digests.v1;
    if (!pieces_v2_.empty()) pieces_v2_[piece.value()] = digests.v2;
}

std::span<const Sha256Digest> TorrentMaker::layer(FileIndex file) const {
    const auto [first, end] = layout_.pieces_of(file);
    return std::span(pieces_v2_).subspan(first.value(), end.value() - first.value());
}

std::vector<File> TorrentMaker::files_with_roots() const {
    std::vector<File> files = layout_.files();
    MerkleRoot tree;
    const Sha256Digest padding = tree.finish(layout_.piece_length() / block_size);
    for (std::uint32_t i = 0; i < files.size(); ++i) {
        if (files[i].padding || files[i].length == 0) continue;
        const auto pieces = layer(FileIndex(i));
        tree.add(pieces);
        files[i].pieces_root = tree.finish(std::bit_ceil(pieces.size()), padding);
    }
    return files;
}

std::string TorrentMaker::encode_layers(const std::vector<File>& files) const {
    std::map<Sha256Digest, FileIndex> by_root;
    for (std::uint32_t i = 0; i < files.size(); ++i) {
        if (!files[i].padding && files[i].length > layout_.piece_length()) {
            by_root.emplace(files[i].pieces_root, FileIndex(i));
        }
    }
    bencode::Writer writer;
    writer.begin_dictionary();
    for (const auto& [root, file] : by_root) {
        std::string hashes;
        for (const Sha256Digest& piece : layer(file)) hashes += text_of(piece.view());
        writer.key(text_of(root.view())).string(hashes);
    }
    return writer.end().finish();
}

Result<Info> TorrentMaker::finish() const {
    const bool v1 = torrent_.format != Format::v2;
    const bool v2 = torrent_.format != Format::v1;
    const std::vector<File> files = v2 ? files_with_roots() : std::vector<File>{};
    bencode::Writer writer;
    writer.begin_dictionary();
    if (!torrent_.folder && v1) write_attributes(writer, layout_.files().front());
    if (v2) write_tree_v2(writer, files);
    if (torrent_.folder && v1) write_files_v1(writer, layout_);
    if (!torrent_.folder && v1) writer.key("length").integer(layout_.total_size());
    if (v2) writer.key("meta version").integer(2);
    writer.key("name").string(torrent_.name);
    writer.key("piece length").integer(layout_.piece_length());
    if (v1) {
        std::string pieces;
        pieces.reserve(pieces_v1_.size() * Sha1Digest::size);
        for (const Sha1Digest& piece : pieces_v1_) pieces += text_of(piece.view());
        writer.key("pieces").string(pieces);
    }
    if (torrent_.is_private) writer.key("private").integer(1);
    const std::string encoded = writer.end().finish();
    const Bytes bytes = bytes_of(encoded);
    auto info = Info::parse(ByteVector(bytes.begin(), bytes.end()));
    if (!info || !v2) return info;
    if (auto ok = info->add_layers(bytes_of(encode_layers(files))); !ok) {
        return std::unexpected(ok.error());
    }
    return info;
}

}  // namespace shoal::metainfo
