// Strong index types, so that a piece index cannot be passed where a file index is meant.
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace shoal {

/// A number that counts things of one kind and converts to another kind only by value().
template <class Tag>
class Index {
  public:
    using value_type = std::uint32_t;

    constexpr Index() = default;
    constexpr explicit Index(value_type value) : value_(value) {}

    [[nodiscard]] constexpr value_type value() const { return value_; }
    constexpr Index& operator++() {
        ++value_;
        return *this;
    }
    constexpr auto operator<=>(const Index&) const = default;

  private:
    value_type value_ = 0;
};

using PieceIndex = Index<struct PieceTag>;
using FileIndex = Index<struct FileTag>;

/// The unit in which peers ask for data (BEP 3); the last block of a piece may be shorter.
inline constexpr std::uint32_t block_size = 16 * 1024;

/// A run of bytes inside one piece: what a request message names.
struct BlockRange {
    PieceIndex piece;
    std::uint32_t offset = 0;  ///< bytes from the start of the piece
    std::uint32_t length = 0;  ///< bytes
    auto operator<=>(const BlockRange&) const = default;
};

}  // namespace shoal

template <class Tag>
struct std::hash<shoal::Index<Tag>> {
    std::size_t operator()(shoal::Index<Tag> index) const noexcept { return index.value(); }
};
