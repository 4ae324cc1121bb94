// Turns the values of an info dictionary into an Info; internal to this folder.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bencode/document.h"
#include "metainfo/metainfo.h"

namespace shoal::metainfo {

/// Memory that a torrent may take at most: its bytes, the tokens of its document, its files.
inline constexpr std::size_t memory_budget = 80 << 20;

/// Parses a torrent or info dictionary. Keys may come unsorted, as some programs write them; then
/// less is allowed, because telling doubled keys takes memory.
Result<bencode::Document> parse_document(Bytes input);

/// One use each.
class InfoParser {
  public:
    explicit InfoParser(Info& info);

    /// The value lies in info.storage_. bad_data and unsupported as Info::parse.
    Result<void> run(const bencode::Value& root);

  private:
    Result<void> name(const bencode::Value& root);
    Result<void> piece_length(const bencode::Value& root);
    Result<void> files_v1(const bencode::Value& root);
    Result<void> file_v1(const bencode::Value& file);
    Result<void> files_v2(const bencode::Value& tree);
    Result<void> folder_v2(const bencode::Value& folder);
    Result<void> entry_v2(std::string_view name, const bencode::Value& entry);
    Result<void> file_v2(const bencode::Value& file);
    Result<void> join_halves();
    Result<void> pieces_v1(const bencode::Value& root);
    /// Puts padding between files, so that each begins with a piece of its own.
    void pad_v2();
    Result<void> add(std::vector<File>& files, File file);

    Info& info_;
    std::uint32_t piece_length_ = 0;
    std::vector<File> v1_;
    std::vector<File> v2_;
    std::vector<std::string_view> raw_path_;  ///< of the v1 file being read
    std::vector<std::string> folder_path_;    ///< of the folder of the v2 tree being read
    ByteCount size_v1_ = 0;
    ByteCount size_v2_ = 0;  ///< in whole pieces
    std::size_t memory_left_;
};

}  // namespace shoal::metainfo
