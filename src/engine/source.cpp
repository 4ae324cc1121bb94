#include "engine/source.h"

#include <algorithm>

#include "base/text.h"
#include "disk/files.h"

namespace shoal::engine {
namespace {

using metainfo::Magnet;
using metainfo::Metainfo;

bool is_magnet(std::string_view text) {
    constexpr std::string_view scheme = "magnet:";
    return text.size() >= scheme.size() && std::ranges::equal(
                                               text.substr(0, scheme.size()), scheme, {},
                                               [](char c) { return static_cast<char>(c | 0x20); },
                                               [](char c) { return static_cast<char>(c | 0x20); });
}

/// The first line that is not empty, without what editors put around it.
std::string_view first_line(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    text = text.substr(0, text.find_first_of("\r\n"));
    while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    return text;
}

Result<Source> parse_content(ByteVector content) {
    const std::string_view text = text_of(content);
    if (text.starts_with('d')) {
        auto torrent = Metainfo::parse(std::move(content));
        if (!torrent) return std::unexpected(torrent.error());
        return Source(std::move(*torrent));
    }
    const std::string_view line = first_line(text);
    if (!is_magnet(line)) {
        return fail(ErrorCode::bad_data, "neither a torrent nor a text with a magnet link");
    }
    auto magnet = Magnet::parse(line);
    if (!magnet) return std::unexpected(magnet.error());
    return Source(std::move(*magnet));
}

}  // namespace

Result<Source> read_source(std::string_view source) {
    if (is_magnet(source)) {
        auto magnet = Magnet::parse(source);
        if (!magnet) return std::unexpected(magnet.error());
        return Source(std::move(*magnet));
    }
    auto content = disk::read_file(source, metainfo::max_torrent_bytes);
    if (!content) return std::unexpected(content.error());
    auto parsed = parse_content(std::move(*content));
    if (!parsed) return prefix(printable(source), parsed.error());
    return parsed;
}

Result<Metainfo> read_torrent(std::string_view source) {
    auto parsed = read_source(source);
    if (!parsed) return std::unexpected(parsed.error());
    if (auto* torrent = std::get_if<Metainfo>(&*parsed)) return std::move(*torrent);
    return fail(ErrorCode::usage, "a magnet link will not do here: give the .torrent file");
}

}  // namespace shoal::engine
