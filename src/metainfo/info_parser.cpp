#include "metainfo/info_parser.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "metainfo/path.h"

namespace shoal::metainfo {
namespace {

constexpr ByteCount max_total = ByteCount{max_pieces} * max_piece_length;

template <class... Args>
std::unexpected<Error> broken(fmt::format_string<Args...> format, Args&&... args) {
    return fail(ErrorCode::bad_data, "not a usable torrent: {}",
                fmt::format(format, std::forward<Args>(args)...));
}

/// The letters of BEP 47; none where there are none.
std::string_view attributes_of(const bencode::Value& file) {
    return file.find_string("attr").value_or("");
}

/// The bytes that a list of names takes in memory.
std::size_t memory_of(const std::vector<std::string>& path) {
    std::size_t bytes = 16;
    for (const std::string& name : path)
        bytes += sizeof(std::string) + (name.size() > 15 ? name.size() + 24 : 0);
    return bytes;
}

/// What a dictionary says of a file in v1. One pass finds it: torrents have many.
struct FileKeys {
    std::string_view attributes;
    std::optional<bencode::Value> length;
    std::optional<bencode::Value> path;

    explicit FileKeys(const bencode::Value& file) {
        std::optional<bencode::Value> path_utf8;
        file.for_each_pair([&](std::string_view key, bencode::Value value) {
            if (key == "length") {
                length = value;
            } else if (key == "path") {
                path = value;
            } else if (key == "path.utf-8") {
                path_utf8 = value;
            } else if (key == "attr") {
                attributes = value.string().value_or("");
            }
        });
        if (path_utf8) path = path_utf8;
    }
};

/// The components of a path, as many as a path may have and one more; whether it is a list of
/// strings.
bool take_path(const bencode::Value& list, std::vector<std::string_view>& path) {
    path.clear();
    if (!list.is_list()) return false;
    bool all_strings = true;
    list.for_each([&](bencode::Value component) {
        const auto text = component.string();
        all_strings = all_strings && text;
        if (text && path.size() <= max_path_depth) path.push_back(*text);
    });
    return all_strings;
}

}  // namespace

Result<bencode::Document> parse_document(Bytes input) {
    if (input.size() > max_torrent_bytes)
        return broken("{} is too large", format_size(static_cast<ByteCount>(input.size())));
    // Half of what the bytes leave is for tokens, the other half for files.
    const std::size_t tokens = (memory_budget - input.size()) / 2 / sizeof(bencode::Token);
    bencode::Limits limits{
        .bytes = max_torrent_bytes, .tokens = tokens, .depth = max_path_depth + 16};
    auto document = bencode::Document::parse(input, limits);
    if (document) return document;
    limits.keys_sorted = false;
    limits.tokens = tokens / 4;
    if (auto loose = bencode::Document::parse(input, limits)) return loose;
    return document;
}

InfoParser::InfoParser(Info& info)
    : info_(info), memory_left_((memory_budget - info.storage_.size()) / 2) {}

Result<void> InfoParser::run(const bencode::Value& root) {
    if (!root.is_dictionary()) return broken("its info is no dictionary");
    const std::int64_t version = root.find_integer("meta version").value_or(1);
    if (version > 2) {
        return fail(ErrorCode::unsupported,
                    "the torrent is of version {}: only v1 and v2 are known", version);
    }
    if (version < 1) return broken("meta version {}", version);
    const bool v1 = root.find("pieces").has_value();
    info_.format_ = version == 1 ? Format::v1 : v1 ? Format::hybrid : Format::v2;
    info_.encoded_ = root.encoded();
    const auto is_private = root.find("private");
    info_.private_ = is_private && is_private->integer() != 0;

    if (auto ok = name(root); !ok) return ok;
    if (auto ok = piece_length(root); !ok) return ok;
    if (info_.has_v1()) {
        if (auto ok = files_v1(root); !ok) return ok;
    }
    if (info_.has_v2()) {
        const auto tree = root.find("file tree");
        if (!tree || !tree->is_dictionary()) return broken("it has no file tree");
        if (auto ok = files_v2(*tree); !ok) return ok;
    }
    if (info_.format_ == Format::hybrid) {
        if (auto ok = join_halves(); !ok) return ok;
    }
    if (info_.format_ == Format::v2) pad_v2();
    if (auto ok = settle_paths(v1_); !ok) return ok;
    info_.layout_ = Layout(std::move(v1_), piece_length_);
    if (info_.has_v1()) {
        if (auto ok = pieces_v1(root); !ok) return ok;
        info_.hash_v1_ = sha1(info_.encoded_);
    }
    if (info_.has_v2()) info_.hash_v2_ = sha256(info_.encoded_);
    return {};
}

Result<void> InfoParser::name(const bencode::Value& root) {
    auto raw = root.find_string("name.utf-8");
    if (!raw) raw = root.find_string("name");
    if (!raw) return broken("it has no name");
    auto safe = safe_component(*raw);
    if (!safe) return std::unexpected(safe.error());
    info_.name_ = std::move(*safe);
    return {};
}

Result<void> InfoParser::piece_length(const bencode::Value& root) {
    const std::int64_t length = root.find_integer("piece length").value_or(0);
    if (length < 1 || length > max_piece_length) return broken("piece length {}", length);
    piece_length_ = static_cast<std::uint32_t>(length);
    if (info_.has_v2() && (piece_length_ < block_size || !std::has_single_bit(piece_length_))) {
        return broken("piece length {}, which is no power of two from 16 KiB", length);
    }
    return {};
}

Result<void> InfoParser::add(std::vector<File>& files, File file) {
    const std::size_t memory = sizeof file + memory_of(file.path);
    if (memory > memory_left_) return broken("it has too many files");
    memory_left_ -= memory;
    files.push_back(std::move(file));
    return {};
}

Result<void> InfoParser::files_v1(const bencode::Value& root) {
    const auto list = root.find("files");
    const auto length = root.find("length");
    if (list.has_value() == length.has_value()) {
        return broken("it is neither one file nor a list of files");
    }
    if (length) {
        const std::int64_t bytes = length->integer().value_or(-1);
        if (bytes < 0 || bytes > max_total) return broken("a file of {} bytes", bytes);
        size_v1_ = bytes;
        return add(v1_, {.path = {info_.name_},
                         .length = bytes,
                         .executable = attributes_of(root).contains('x')});
    }
    info_.folder_ = true;
    if (!list->is_list() || list->size() == 0) return broken("it has no files");
    // An entry takes at least 24 bytes, so that the bytes bound what is reserved.
    v1_.reserve(std::min(list->size(), memory_left_ / sizeof(File)));
    Result<void> result;
    list->for_each([&](bencode::Value file) {
        if (result) result = file_v1(file);
    });
    return result;
}

Result<void> InfoParser::file_v1(const bencode::Value& value) {
    if (!value.is_dictionary()) return broken("a file that is no dictionary");
    File file;
    const FileKeys keys(value);
    const bool symlink = keys.attributes.contains('l');
    file.padding = symlink || keys.attributes.contains('p');
    file.executable = keys.attributes.contains('x');
    if (!symlink) {
        file.length = keys.length ? keys.length->integer().value_or(-1) : -1;
        if (file.length < 0 || file.length > max_total - size_v1_) {
            return broken("a file of {} bytes", file.length);
        }
        size_v1_ += file.length;
    }
    if (!file.padding) {
        if (!keys.path || !take_path(*keys.path, raw_path_)) return broken("a file without a path");
        auto path = safe_path(raw_path_);
        if (!path) return std::unexpected(path.error());
        file.path = std::move(*path);
    }
    return add(v1_, std::move(file));
}

Result<void> InfoParser::files_v2(const bencode::Value& tree) {
    if (auto ok = folder_v2(tree); !ok) return ok;
    if (v2_.empty()) return broken("it has no files");
    // One file of the torrent's own name is how v2 writes a torrent that is no folder.
    const bool single = v2_.size() == 1 && v2_[0].path == std::vector{info_.name_};
    if (info_.format_ == Format::v2) info_.folder_ = !single;
    return {};
}

Result<void> InfoParser::folder_v2(const bencode::Value& folder) {
    Result<void> result;
    std::optional<std::string_view> last;
    folder.for_each_pair([&](std::string_view name, bencode::Value entry) {
        if (!result) return;
        if (last && *last > name) {
            result = broken("its file tree is not in order");
            return;
        }
        last = name;
        result = entry_v2(name, entry);
    });
    return result;
}

Result<void> InfoParser::entry_v2(std::string_view name, const bencode::Value& entry) {
    if (!entry.is_dictionary()) return broken("a file that is no dictionary");
    if (folder_path_.size() >= max_path_depth) return broken("folders nested too deeply");
    auto safe = safe_component(name);
    if (!safe) return std::unexpected(safe.error());
    folder_path_.push_back(std::move(*safe));
    const auto file = entry.find("");
    if (file && entry.size() != 1) return broken("a file that is also a folder");
    auto result = file ? file_v2(*file) : folder_v2(entry);
    folder_path_.pop_back();
    return result;
}

Result<void> InfoParser::file_v2(const bencode::Value& value) {
    if (!value.is_dictionary()) return broken("a file that is no dictionary");
    const std::string_view attributes = attributes_of(value);
    if (attributes.contains('p')) return broken("padding in its file tree");
    File file;
    file.executable = attributes.contains('x');
    if (attributes.contains('l')) {
        file.padding = true;
        return add(v2_, std::move(file));
    }
    if (join_path(folder_path_).size() > max_path_bytes) return broken("a path that is too long");
    file.path = folder_path_;
    file.length = value.find_integer("length").value_or(-1);
    if (file.length < 0 || file.length > max_total)
        return broken("a file of {} bytes", file.length);
    if (file.length > 0) {
        const auto root = value.find("pieces root");
        const auto bytes = root ? root->bytes() : std::nullopt;
        if (!bytes || bytes->size() != Sha256Digest::size) return broken("a file without its hash");
        file.pieces_root = Sha256Digest::from(*bytes);
        if (file.pieces_root.is_zero()) return broken("a file whose hash is all zeros");
        size_v2_ += (file.length + piece_length_ - 1) / piece_length_ * piece_length_;
    }
    if (size_v2_ / piece_length_ > max_pieces) return broken("more than {} pieces", max_pieces);
    return add(v2_, std::move(file));
}

Result<void> InfoParser::join_halves() {
    ByteCount offset = 0;
    ByteCount data_end = 0;
    auto other = v2_.begin();
    const auto skip_symlinks = [&] {
        while (other != v2_.end() && other->padding) ++other;
    };
    const auto whole_pieces = [&](ByteCount bytes) {
        return (bytes + piece_length_ - 1) / piece_length_ * piece_length_;
    };
    for (File& file : v1_) {
        if (!file.padding) {
            skip_symlinks();
            if (other == v2_.end() || other->path != file.path || other->length != file.length) {
                return broken("its v1 and v2 halves name different files");
            }
            if (file.length > 0 && offset != whole_pieces(data_end)) {
                return broken("its v1 half does not begin files with a piece, as v2 does");
            }
            file.pieces_root = other->pieces_root;
            ++other;
            if (file.length > 0) data_end = offset + file.length;
        }
        offset += file.length;
    }
    skip_symlinks();
    if (other != v2_.end()) return broken("its v1 and v2 halves name different files");
    if (offset != data_end && offset != whole_pieces(data_end)) {
        return broken("its v1 half ends in padding that v2 does not have");
    }
    return {};
}

void InfoParser::pad_v2() {
    ByteCount offset = 0;
    v1_.reserve(v2_.size() * 2 + 1);
    const auto pad = [&] {
        const ByteCount rest = offset % piece_length_;
        if (rest == 0) return;
        v1_.push_back({.path = {}, .length = piece_length_ - rest, .padding = true});
        offset += piece_length_ - rest;
    };
    for (File& file : v2_) {
        if (file.length > 0) pad();
        offset += file.length;
        v1_.push_back(std::move(file));
    }
    // The last file, too: libtorrent's clients ask for whole blocks at the end of every file.
    pad();
    v2_ = {};
}

Result<void> InfoParser::pieces_v1(const bencode::Value& root) {
    const auto pieces = root.find("pieces");
    const auto hashes = pieces ? pieces->bytes() : std::nullopt;
    if (!hashes) return broken("it has no piece hashes");
    const auto size = info_.layout_.total_size();
    const std::int64_t count = (size + piece_length_ - 1) / piece_length_;
    if (count > max_pieces) return broken("more than {} pieces", max_pieces);
    if (hashes->size() != static_cast<std::size_t>(count) * Sha1Digest::size) {
        return broken("{} bytes in pieces of {} need {} hashes, not {} bytes of them", size,
                      piece_length_, count, hashes->size());
    }
    info_.pieces_ = *hashes;
    return {};
}

}  // namespace shoal::metainfo
