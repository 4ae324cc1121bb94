// The web pages of the two servers, as the build of web/ left them: files in memory.
#pragma once
#include <span>
#include <string_view>

namespace shoal::pages {

/// All views are of the program's own constant data.
struct File {
    std::string_view path;  ///< as it is asked for, such as "/assets/peer-1a2b3c.js"
    std::string_view type;  ///< media type, with its charset
    std::string_view bytes;
    std::string_view gzip;  ///< the same, compressed
    std::string_view tag;   ///< changes with the content; letters and digits
    bool lasting = false;   ///< its path changes with the content, too
};

/// All files of the peer's page; its document is at "/".
std::span<const File> peer_page();
/// The same for the tracker.
std::span<const File> tracker_page();

}  // namespace shoal::pages
