// Two messages in turns, by the SHA instructions of x86-64: what one waits for, the other does.
#include <immintrin.h>

#include "hashing/sha256_keys.h"
#include "hashing/x86.h"

// This file is compiled for processors that have these instructions. Everything in it has internal
// linkage; see avx512.cpp.

namespace shoal::hashing {
namespace {

using Word = __m128i;
constexpr std::size_t lanes = 2;

Word load(const void* from) {
    return _mm_loadu_si128(static_cast<const Word*>(from));
}

/// Four words of a lane's state, which are `lanes` apart, the first one highest.
Word load_words(const std::uint32_t* w0, const std::uint32_t* w2) {
    return _mm_set_epi32(static_cast<int>(w0[0]), static_cast<int>(w0[lanes]),
                         static_cast<int>(w2[0]), static_cast<int>(w2[lanes]));
}

void store_words(Word words, std::uint32_t* w0, std::uint32_t* w2) {
    w0[0] = static_cast<std::uint32_t>(_mm_extract_epi32(words, 3));
    w0[lanes] = static_cast<std::uint32_t>(_mm_extract_epi32(words, 2));
    w2[0] = static_cast<std::uint32_t>(_mm_extract_epi32(words, 1));
    w2[lanes] = static_cast<std::uint32_t>(_mm_extract_epi32(words, 0));
}

struct Sha1 {
    Word abcd[lanes]{};
    Word before[lanes]{};  ///< abcd as it was four rounds ago; before the first, e
    Word message[lanes][4]{};

    /// Four words of the message, the first one highest.
    static Word load_message(const std::byte* from) {
        const Word swap = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        return _mm_shuffle_epi8(load(from), swap);
    }

    /// Four rounds of every lane at a time, 20 times.
    template <int step = 0>
    [[gnu::always_inline]] inline void rounds() {
        constexpr int now = step % 4;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            Word(&w)[4] = message[lane];
            if constexpr (step >= 4) {
                const Word mixed =
                    _mm_xor_si128(_mm_sha1msg1_epu32(w[now], w[(now + 1) % 4]), w[(now + 2) % 4]);
                w[now] = _mm_sha1msg2_epu32(mixed, w[(now + 3) % 4]);
            }
            const Word e = step == 0 ? _mm_add_epi32(before[lane], w[now])
                                     : _mm_sha1nexte_epu32(before[lane], w[now]);
            before[lane] = abcd[lane];
            abcd[lane] = _mm_sha1rnds4_epu32(abcd[lane], e, step / 5);
        }
        if constexpr (step < 19) rounds<step + 1>();
    }

    static void compress(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
        Sha1 run;
        Word e[lanes];
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            run.abcd[lane] = load_words(state + lane, state + 2 * lanes + lane);
            e[lane] = _mm_set_epi32(static_cast<int>(state[4 * lanes + lane]), 0, 0, 0);
        }
        for (std::size_t block = 0; block < blocks; ++block) {
            Word sums[lanes];
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                sums[lane] = run.abcd[lane];
                run.before[lane] = e[lane];
                for (std::size_t i = 0; i < 4; ++i) {
                    run.message[lane][i] = load_message(data[lane] + block * 64 + i * 16);
                }
            }
            run.rounds();
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                e[lane] = _mm_sha1nexte_epu32(run.before[lane], e[lane]);
                run.abcd[lane] = _mm_add_epi32(run.abcd[lane], sums[lane]);
            }
        }
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            store_words(run.abcd[lane], state + lane, state + 2 * lanes + lane);
            state[4 * lanes + lane] = static_cast<std::uint32_t>(_mm_extract_epi32(e[lane], 3));
        }
    }
};

struct Sha256 {
    Word abef[lanes]{};
    Word cdgh[lanes]{};
    Word message[lanes][4]{};

    /// Four words of the message, the first one lowest.
    static Word load_message(const std::byte* from) {
        const Word swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
        return _mm_shuffle_epi8(load(from), swap);
    }

    /// Four rounds of every lane at a time, 16 times.
    template <int step = 0>
    [[gnu::always_inline]] inline void rounds() {
        constexpr int now = step % 4;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            Word(&w)[4] = message[lane];
            if constexpr (step >= 4) {
                const Word last = w[(now + 3) % 4];
                const Word mixed = _mm_add_epi32(_mm_sha256msg1_epu32(w[now], w[(now + 1) % 4]),
                                                 _mm_alignr_epi8(last, w[(now + 2) % 4], 4));
                w[now] = _mm_sha256msg2_epu32(mixed, last);
            }
            const Word keyed = _mm_add_epi32(w[now], load(sha256_keys + 4 * step));
            cdgh[lane] = _mm_sha256rnds2_epu32(cdgh[lane], abef[lane], keyed);
            abef[lane] =
                _mm_sha256rnds2_epu32(abef[lane], cdgh[lane], _mm_shuffle_epi32(keyed, 0x0e));
        }
        if constexpr (step < 15) rounds<step + 1>();
    }

    static void compress(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
        Sha256 run;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            run.abef[lane] = load_words(state + lane, state + 4 * lanes + lane);
            run.cdgh[lane] = load_words(state + 2 * lanes + lane, state + 6 * lanes + lane);
        }
        for (std::size_t block = 0; block < blocks; ++block) {
            Word abef_sums[lanes];
            Word cdgh_sums[lanes];
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                abef_sums[lane] = run.abef[lane];
                cdgh_sums[lane] = run.cdgh[lane];
                for (std::size_t i = 0; i < 4; ++i) {
                    run.message[lane][i] = load_message(data[lane] + block * 64 + i * 16);
                }
            }
            run.rounds();
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                run.abef[lane] = _mm_add_epi32(run.abef[lane], abef_sums[lane]);
                run.cdgh[lane] = _mm_add_epi32(run.cdgh[lane], cdgh_sums[lane]);
            }
        }
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            store_words(run.abef[lane], state + lane, state + 4 * lanes + lane);
            store_words(run.cdgh[lane], state + 2 * lanes + lane, state + 6 * lanes + lane);
        }
    }
};

}  // namespace

void sha1_sha_ni(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    Sha1::compress(state, data, blocks);
}

void sha256_sha_ni(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    Sha256::compress(state, data, blocks);
}

}  // namespace shoal::hashing
