// Sixteen messages at once, in the registers of AVX-512.
#include <immintrin.h>

#include "hashing/sha1_lanes.h"
#include "hashing/sha256_lanes.h"
#include "hashing/x86.h"

// This file is compiled for processors that have AVX-512. Everything in it has internal linkage:
// an inline function shared with other files could otherwise bring such instructions into them.

namespace shoal::hashing {
namespace {

struct Avx512 {
    using Word = __m512i;
    static constexpr std::size_t lanes = 16;

    static Word load(const std::uint32_t* from) { return _mm512_loadu_si512(from); }
    static void store(std::uint32_t* to, Word word) { _mm512_storeu_si512(to, word); }
    static Word splat(std::uint32_t word) { return _mm512_set1_epi32(static_cast<int>(word)); }
    static Word add(Word a, Word b) { return _mm512_add_epi32(a, b); }
    static Word exclusive_or(Word a, Word b) { return _mm512_xor_si512(a, b); }
    // The last argument is the truth table of the three operands.
    static Word exclusive_or(Word a, Word b, Word c) {
        return _mm512_ternarylogic_epi32(a, b, c, 0x96);
    }
    static Word choose(Word a, Word b, Word c) { return _mm512_ternarylogic_epi32(a, b, c, 0xca); }
    static Word majority(Word a, Word b, Word c) {
        return _mm512_ternarylogic_epi32(a, b, c, 0xe8);
    }
    template <int bits>
    static Word rotate_left(Word word) {
        return _mm512_rol_epi32(word, bits);
    }
    template <int bits>
    static Word rotate_right(Word word) {
        return _mm512_ror_epi32(word, bits);
    }
    template <int bits>
    static Word shift_right(Word word) {
        return _mm512_srli_epi32(word, bits);
    }

    /// Word i of every lane's block, from big-endian, into message[i].
    [[gnu::always_inline]] static inline void load_block(const std::byte* const* data,
                                                         std::size_t offset, Word (&message)[16]) {
        const Word swap = _mm512_broadcast_i32x4(
            _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
        Word rows[16];
        for (std::size_t i = 0; i < 16; ++i) rows[i] = _mm512_loadu_si512(data[i] + offset);
        // Within each quarter of the registers first: words, then pairs of words.
        Word quads[16];
        for (std::size_t i = 0; i < 16; i += 4) {
            const Word low01 = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
            const Word high01 = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
            const Word low23 = _mm512_unpacklo_epi32(rows[i + 2], rows[i + 3]);
            const Word high23 = _mm512_unpackhi_epi32(rows[i + 2], rows[i + 3]);
            quads[i] = _mm512_unpacklo_epi64(low01, low23);
            quads[i + 1] = _mm512_unpackhi_epi64(low01, low23);
            quads[i + 2] = _mm512_unpacklo_epi64(high01, high23);
            quads[i + 3] = _mm512_unpackhi_epi64(high01, high23);
        }
        // quads[4 * r + c] holds words c, c + 4, c + 8, c + 12 of the lanes from 4 * r on.
        for (std::size_t c = 0; c < 4; ++c) {
            const Word low01 = _mm512_shuffle_i32x4(quads[c], quads[4 + c], 0x44);
            const Word high01 = _mm512_shuffle_i32x4(quads[c], quads[4 + c], 0xee);
            const Word low23 = _mm512_shuffle_i32x4(quads[8 + c], quads[12 + c], 0x44);
            const Word high23 = _mm512_shuffle_i32x4(quads[8 + c], quads[12 + c], 0xee);
            const auto swapped = [&](Word word) { return _mm512_shuffle_epi8(word, swap); };
            message[c] = swapped(_mm512_shuffle_i32x4(low01, low23, 0x88));
            message[4 + c] = swapped(_mm512_shuffle_i32x4(low01, low23, 0xdd));
            message[8 + c] = swapped(_mm512_shuffle_i32x4(high01, high23, 0x88));
            message[12 + c] = swapped(_mm512_shuffle_i32x4(high01, high23, 0xdd));
        }
    }
};

}  // namespace

void sha1_avx512(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    Sha1Lanes<Avx512>::compress(state, data, blocks);
}

void sha256_avx512(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    Sha256Lanes<Avx512>::compress(state, data, blocks);
}

}  // namespace shoal::hashing
