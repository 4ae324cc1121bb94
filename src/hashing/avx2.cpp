// Eight messages at once, in the registers of AVX2.
#include <immintrin.h>

#include "hashing/sha1_lanes.h"
#include "hashing/sha256_lanes.h"
#include "hashing/x86.h"

// This file is compiled for processors that have AVX2. Everything in it has internal linkage: an
// inline function shared with other files could otherwise bring such instructions into them.

namespace shoal::hashing {
namespace {

struct Avx2 {
    using Word = __m256i;
    static constexpr std::size_t lanes = 8;

    static Word load(const std::uint32_t* from) {
        return _mm256_loadu_si256(reinterpret_cast<const Word*>(from));
    }
    static void store(std::uint32_t* to, Word word) {
        _mm256_storeu_si256(reinterpret_cast<Word*>(to), word);
    }
    static Word splat(std::uint32_t word) { return _mm256_set1_epi32(static_cast<int>(word)); }
    static Word add(Word a, Word b) { return _mm256_add_epi32(a, b); }
    static Word exclusive_or(Word a, Word b) { return _mm256_xor_si256(a, b); }
    static Word exclusive_or(Word a, Word b, Word c) { return exclusive_or(exclusive_or(a, b), c); }
    static Word choose(Word a, Word b, Word c) {
        return exclusive_or(_mm256_and_si256(exclusive_or(b, c), a), c);
    }
    static Word majority(Word a, Word b, Word c) {
        return exclusive_or(_mm256_and_si256(exclusive_or(a, b), exclusive_or(b, c)), b);
    }
    template <int bits>
    static Word rotate_left(Word word) {
        return _mm256_or_si256(_mm256_slli_epi32(word, bits), _mm256_srli_epi32(word, 32 - bits));
    }
    template <int bits>
    static Word rotate_right(Word word) {
        return rotate_left<32 - bits>(word);
    }
    template <int bits>
    static Word shift_right(Word word) {
        return _mm256_srli_epi32(word, bits);
    }

    /// Word i of every lane's block, from big-endian, into message[i].
    [[gnu::always_inline]] static inline void load_block(const std::byte* const* data,
                                                         std::size_t offset, Word (&message)[16]) {
        load_half(data, offset, message);
        load_half(data, offset + 32, message + 8);
    }

  private:
    [[gnu::always_inline]] static inline void load_half(const std::byte* const* data,
                                                        std::size_t offset, Word* message) {
        const Word swap = _mm256_broadcastsi128_si256(
            _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
        // Within each half of the registers first: words, then pairs of words.
        Word quads[8];
        for (std::size_t i = 0; i < 8; i += 4) {
            Word rows[4];
            for (std::size_t j = 0; j < 4; ++j) {
                rows[j] = _mm256_shuffle_epi8(
                    _mm256_loadu_si256(reinterpret_cast<const Word*>(data[i + j] + offset)), swap);
            }
            const Word low01 = _mm256_unpacklo_epi32(rows[0], rows[1]);
            const Word high01 = _mm256_unpackhi_epi32(rows[0], rows[1]);
            const Word low23 = _mm256_unpacklo_epi32(rows[2], rows[3]);
            const Word high23 = _mm256_unpackhi_epi32(rows[2], rows[3]);
            quads[i] = _mm256_unpacklo_epi64(low01, low23);
            quads[i + 1] = _mm256_unpackhi_epi64(low01, low23);
            quads[i + 2] = _mm256_unpacklo_epi64(high01, high23);
            quads[i + 3] = _mm256_unpackhi_epi64(high01, high23);
        }
        for (std::size_t c = 0; c < 4; ++c) {
            message[c] = _mm256_permute2x128_si256(quads[c], quads[4 + c], 0x20);
            message[4 + c] = _mm256_permute2x128_si256(quads[c], quads[4 + c], 0x31);
        }
    }
};

}  // namespace

void sha1_avx2(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    Sha1Lanes<Avx2>::compress(state, data, blocks);
}

void sha256_avx2(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    Sha256Lanes<Avx2>::compress(state, data, blocks);
}

}  // namespace shoal::hashing
