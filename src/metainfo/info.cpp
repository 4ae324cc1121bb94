// The Info of metainfo.h: its hashes and piece layers.
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <map>

#include "bencode/writer.h"
#include "metainfo/info_parser.h"
#include "metainfo/merkle.h"

namespace shoal::metainfo {
namespace {

using RootsAndHashes = std::vector<std::pair<Bytes, Bytes>>;

/// The pairs of a "piece layers" dictionary, ascending by root.
RootsAndHashes pairs_of(const std::optional<bencode::Value>& dictionary) {
    RootsAndHashes pairs;
    if (!dictionary) return pairs;
    dictionary->for_each_pair([&](std::string_view root, bencode::Value hashes) {
        if (const auto bytes = hashes.bytes()) pairs.emplace_back(bytes_of(root), *bytes);
    });
    const auto root_of = [](const auto& pair) { return text_of(pair.first); };
    std::ranges::sort(pairs, {}, root_of);
    return pairs;
}

std::optional<Bytes> find_layer(const RootsAndHashes& pairs, const Sha256Digest& root) {
    const auto root_of = [](const auto& pair) { return text_of(pair.first); };
    const auto at = std::ranges::lower_bound(pairs, text_of(root.view()), {}, root_of);
    if (at == pairs.end() || root_of(*at) != text_of(root.view())) return std::nullopt;
    return at->second;
}

bool layer_matches(Bytes hashes, std::uint32_t piece_length, const Sha256Digest& root) {
    MerkleRoot tree;
    const Sha256Digest padding = tree.finish(piece_length / block_size);
    const std::size_t count = hashes.size() / Sha256Digest::size;
    std::array<Sha256Digest, 256> portion;
    for (std::size_t done = 0; done < count;) {
        const std::size_t part = std::min(count - done, portion.size());
        for (std::size_t i = 0; i < part; ++i) {
            portion[i] = Sha256Digest::from(hashes.subspan((done + i) * Sha256Digest::size));
        }
        tree.add(std::span(portion).first(part));
        done += part;
    }
    return tree.finish(std::bit_ceil(count), padding) == root;
}

}  // namespace

Result<Info> Info::parse(ByteVector encoded) {
    Info info;
    info.storage_ = std::move(encoded);
    const auto document = parse_document(info.storage_);
    if (!document) return std::unexpected(document.error());
    if (auto ok = InfoParser(info).run(document->root()); !ok) return std::unexpected(ok.error());
    info.layers_known_ = std::ranges::none_of(info.layout_.files(), [&](const File& file) {
        return info.has_v2() && file.length > info.layout_.piece_length();
    });
    return info;
}

InfoHash Info::info_hash() const {
    return has_v1() ? hash_v1_ : InfoHash::from(hash_v2_.view());
}

Sha1Digest Info::piece_hash_v1(PieceIndex piece) const {
    assert(has_v1() && piece.value() < layout_.piece_count());
    return Sha1Digest::from(pieces_.subspan(std::size_t{piece.value()} * Sha1Digest::size));
}

Sha256Digest Info::piece_hash_v2(PieceIndex piece) const {
    assert(has_v2() && layers_known_);
    const auto after = std::ranges::upper_bound(layers_, piece.value(), {}, &Layer::first_piece);
    if (after != layers_.begin()) {
        const Layer& layer = *std::prev(after);
        const std::size_t at = std::size_t{piece.value() - layer.first_piece} * Sha256Digest::size;
        if (at < layer.hashes.size()) return Sha256Digest::from(layer.hashes.subspan(at));
    }
    return layout_.first_file(piece).pieces_root;
}

Result<void> Info::add_layers(Bytes encoded_dictionary) {
    ByteVector storage(encoded_dictionary.begin(), encoded_dictionary.end());
    const auto document = parse_document(storage);
    if (!document) return std::unexpected(document.error());
    const auto ok = take_layers(document->root());
    if (ok) layer_storage_ = std::move(storage);
    return ok;
}

Result<void> Info::take_layers(std::optional<bencode::Value> dictionary) {
    const std::uint32_t piece_length = layout_.piece_length();
    const RootsAndHashes pairs = pairs_of(dictionary);
    std::vector<Layer> layers;
    // Files with the same content share a layer, which then is checked once.
    std::map<Sha256Digest, Bytes> checked;
    for (std::uint32_t i = 0; i < layout_.files().size(); ++i) {
        const File& file = layout_.files()[i];
        if (file.padding || file.length <= piece_length) continue;
        const auto hashes = find_layer(pairs, file.pieces_root);
        const auto [first, end] = layout_.pieces_of(FileIndex(i));
        const std::size_t size = std::size_t{end.value() - first.value()} * Sha256Digest::size;
        if (!hashes || hashes->size() != size) {
            return fail(ErrorCode::bad_data,
                        "not a usable torrent: the hashes of the pieces of a file are missing");
        }
        if (!checked.contains(file.pieces_root)) {
            if (!layer_matches(*hashes, piece_length, file.pieces_root)) {
                return fail(ErrorCode::bad_data,
                            "not a usable torrent: the hashes of the pieces "
                            "of a file do not match the file's own");
            }
            checked.emplace(file.pieces_root, *hashes);
        }
        layers.push_back({FileIndex(i), first.value(), *hashes});
    }
    layers_ = std::move(layers);
    layers_known_ = true;
    return {};
}

std::string Info::encode_layers() const {
    assert(has_v2() && layers_known_);
    std::map<Sha256Digest, Bytes> by_root;
    for (const Layer& layer : layers_) {
        by_root.emplace(layout_.file(layer.file).pieces_root, layer.hashes);
    }
    bencode::Writer writer;
    writer.begin_dictionary();
    for (const auto& [root, hashes] : by_root) {
        writer.key(text_of(root.view())).string(hashes);
    }
    return writer.end().finish();
}

}  // namespace shoal::metainfo
