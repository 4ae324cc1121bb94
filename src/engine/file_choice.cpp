#include "engine/file_choice.h"

#include <algorithm>
#include <fnmatch.h>

#include "base/text.h"
#include "metainfo/path.h"

namespace shoal::engine {

Result<std::vector<bool>> match_files(const metainfo::Info& info,
                                      const std::vector<std::string>& patterns) {
    const auto& files = info.layout().files();
    std::vector<bool> wanted(files.size(), true);
    bool any = false;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (files[i].padding) continue;
        const std::string path = metainfo::join_path(files[i].path);
        wanted[i] = std::ranges::any_of(patterns, [&](const std::string& pattern) {
            return ::fnmatch(pattern.c_str(), path.c_str(), 0) == 0 ||
                   ::fnmatch(pattern.c_str(), files[i].path.back().c_str(), 0) == 0;
        });
        any = any || wanted[i];
    }
    if (any) return wanted;
    return fail(ErrorCode::not_found, "no file of {} matches --files: see `shoal info`",
                printable(info.name()));
}

Bitfield pieces_of_files(const metainfo::Layout& layout, const std::vector<bool>& wanted) {
    Bitfield pieces(layout.piece_count());
    for (std::uint32_t i = 0; i < layout.files().size(); ++i) {
        if (!wanted[i] || layout.files()[i].padding) continue;
        const auto [first, end] = layout.pieces_of(FileIndex(i));
        for (PieceIndex piece = first; piece < end; ++piece) pieces.set(piece);
    }
    return pieces;
}

Bitfield pieces_inside_files(const metainfo::Layout& layout, const std::vector<bool>& wanted) {
    Bitfield inside(layout.piece_count(), true);
    for (std::uint32_t i = 0; i < layout.files().size(); ++i) {
        if (wanted[i] || layout.files()[i].padding) continue;
        const auto [first, end] = layout.pieces_of(FileIndex(i));
        for (PieceIndex piece = first; piece < end; ++piece) inside.clear(piece);
    }
    return inside;
}

}  // namespace shoal::engine
