#include "base/bitfield.h"

namespace shoal {

Bitfield::Bitfield(std::size_t size, bool value) : words_((size + 63) / 64), size_(size) {
    fill(value);
}

bool Bitfield::set(std::size_t bit) {
    if ((*this)[bit]) return false;
    words_[bit / 64] |= std::uint64_t{1} << (63 - bit % 64);
    ++count_;
    return true;
}

bool Bitfield::clear(std::size_t bit) {
    if (!(*this)[bit]) return false;
    words_[bit / 64] &= ~(std::uint64_t{1} << (63 - bit % 64));
    --count_;
    return true;
}

void Bitfield::fill(bool value) {
    for (auto& word : words_) word = value ? ~std::uint64_t{0} : 0;
    if (value && size_ % 64 != 0) words_.back() = ~std::uint64_t{0} << (64 - size_ % 64);
    count_ = value ? size_ : 0;
}

ByteVector Bitfield::to_bytes() const {
    ByteVector bytes(byte_size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(words_[i / 8] >> (56 - i % 8 * 8) & 0xff);
    }
    return bytes;
}

bool Bitfield::assign(Bytes payload) {
    if (payload.size() != byte_size()) return false;
    if (size_ % 8 != 0) {
        const auto spare = static_cast<std::byte>(0xffu >> (size_ % 8));
        if ((payload.back() & spare) != std::byte{0}) return false;
    }
    fill(false);
    for (std::size_t i = 0; i < payload.size(); ++i) {
        words_[i / 8] |= std::to_integer<std::uint64_t>(payload[i]) << (56 - i % 8 * 8);
    }
    for (const auto word : words_) count_ += static_cast<std::size_t>(std::popcount(word));
    return true;
}

}  // namespace shoal
