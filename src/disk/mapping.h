// Bytes of a file where the page cache has them, to be read without a copy.
#pragma once
#include <memory>
#include <utility>

#include "base/bytes.h"

namespace shoal::disk {

/// A part of a file in memory that several mappings share: to map and unmap costs the less the more
/// it is at once. Unmapped by the destructor.
class MappedRegion {
  public:
    MappedRegion(const MappedRegion&) = delete;
    MappedRegion& operator=(const MappedRegion&) = delete;
    ~MappedRegion();

    /// offset: a multiple of the page size. None where the system cannot, or when very many are in
    /// use. The file may be closed afterwards.
    static std::shared_ptr<const MappedRegion> map(int descriptor, ByteCount offset,
                                                   ByteCount length);

    /// Of its first byte in the file.
    [[nodiscard]] ByteCount offset() const { return offset_; }
    [[nodiscard]] bool contains(ByteCount offset, ByteCount length) const {
        return offset >= offset_ && offset + length <= offset_ + std::ssize(bytes_);
    }
    [[nodiscard]] Bytes bytes() const { return bytes_; }
    /// Whether bytes that were read so far may not have been the file's.
    [[nodiscard]] bool is_damaged() const;

  private:
    MappedRegion(ByteCount offset, Bytes bytes, std::size_t guard)
        : offset_(offset), bytes_(bytes), guard_(guard) {}

    const ByteCount offset_;  ///< in the file
    const Bytes bytes_;
    const std::size_t guard_;  ///< the number by which the pages are known to be ours
};

/// A range of a file in memory; an empty one has no bytes. Should the file be cut short while it is
/// read, or the disk fail, zeros are read instead, and it is damaged from then on.
class Mapping {
  public:
    Mapping() = default;
    /// The range must lie in the region.
    Mapping(std::shared_ptr<const MappedRegion> region, ByteCount offset, ByteCount length)
        : region_(std::move(region)),
          bytes_(region_->bytes().subspan(static_cast<std::size_t>(offset - region_->offset()),
                                          static_cast<std::size_t>(length))) {}

    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    [[nodiscard]] Bytes bytes() const { return bytes_; }
    [[nodiscard]] bool is_damaged() const { return region_ && region_->is_damaged(); }

  private:
    std::shared_ptr<const MappedRegion> region_;
    Bytes bytes_;
};

}  // namespace shoal::disk
