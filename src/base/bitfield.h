// A fixed number of bits, in the byte order of the bitfield message (BEP 3).
#pragma once
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"

namespace shoal {

/// Which pieces there are. Not thread-safe.
class Bitfield {
  public:
    Bitfield() = default;
    explicit Bitfield(std::size_t size, bool value = false);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] bool all() const { return count_ == size_; }
    [[nodiscard]] bool none() const { return count_ == 0; }

    [[nodiscard]] bool operator[](std::size_t bit) const {
        assert(bit < size_);
        return (words_[bit / 64] >> (63 - bit % 64) & 1) != 0;
    }
    [[nodiscard]] bool operator[](PieceIndex piece) const { return (*this)[piece.value()]; }

    /// Returns whether the bit changed.
    bool set(std::size_t bit);
    bool set(PieceIndex piece) { return set(piece.value()); }
    bool clear(std::size_t bit);
    bool clear(PieceIndex piece) { return clear(piece.value()); }
    void fill(bool value);

    /// Calls visit(std::size_t) for every set bit, in ascending order.
    template <class Visit>
    void for_each_set(Visit visit) const {
        for (std::size_t w = 0; w < words_.size(); ++w) {
            for (std::uint64_t rest = words_[w]; rest != 0;) {
                const auto lead = static_cast<std::size_t>(std::countl_zero(rest));
                visit(w * 64 + lead);
                rest &= ~(std::uint64_t{1} << (63 - lead));
            }
        }
    }

    /// The payload of a bitfield message: first bit highest, spare bits zero.
    [[nodiscard]] ByteVector to_bytes() const;
    /// Bytes in the payload.
    [[nodiscard]] std::size_t byte_size() const { return (size_ + 7) / 8; }
    /// Replaces all bits. False, and nothing changed, when the payload has another length or a
    /// spare bit set.
    [[nodiscard]] bool assign(Bytes payload);

    bool operator==(const Bitfield& other) const = default;

  private:
    std::vector<std::uint64_t> words_;  ///< bit 0 is the highest bit of the first word
    std::size_t size_ = 0;
    std::size_t count_ = 0;  ///< set bits, kept current by every change
};

}  // namespace shoal
