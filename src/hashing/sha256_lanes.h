// SHA-256 of as many messages at once as a vector register has lanes. For the files of kernels
// only.
#pragma once
#include <cstddef>
#include <cstdint>

#include "hashing/sha256_keys.h"

namespace shoal::hashing {
namespace {

template <class Vector>
struct Sha256Lanes {
    using Word = typename Vector::Word;

    template <int x, int y, int z>
    [[gnu::always_inline]] static inline Word rotations(Word word) {
        return Vector::exclusive_or(Vector::template rotate_right<x>(word),
                                    Vector::template rotate_right<y>(word),
                                    Vector::template rotate_right<z>(word));
    }
    template <int x, int y, int shift>
    [[gnu::always_inline]] static inline Word spread(Word word) {
        return Vector::exclusive_or(Vector::template rotate_right<x>(word),
                                    Vector::template rotate_right<y>(word),
                                    Vector::template shift_right<shift>(word));
    }

    /// The words of the state change their places from round to round instead of being moved.
    template <int round = 0>
    [[gnu::always_inline]] static inline void rounds(Word (&state)[8], Word (&message)[16]) {
        const Word a = state[(64 - round) % 8];
        const Word b = state[(65 - round) % 8];
        const Word c = state[(66 - round) % 8];
        Word& d = state[(67 - round) % 8];
        const Word e = state[(68 - round) % 8];
        const Word f = state[(69 - round) % 8];
        const Word g = state[(70 - round) % 8];
        Word& h = state[(71 - round) % 8];
        Word& word = message[round % 16];
        if constexpr (round >= 16) {
            const Word near = spread<17, 19, 10>(message[(round + 14) % 16]);
            const Word far = spread<7, 18, 3>(message[(round + 1) % 16]);
            word =
                Vector::add(Vector::add(word, message[(round + 9) % 16]), Vector::add(near, far));
        }
        const Word ready = Vector::add(Vector::add(h, Vector::splat(sha256_keys[round])), word);
        const Word first =
            Vector::add(Vector::add(ready, Vector::choose(e, f, g)), rotations<6, 11, 25>(e));
        d = Vector::add(d, first);
        h = Vector::add(first, Vector::add(rotations<2, 13, 22>(a), Vector::majority(a, b, c)));
        if constexpr (round < 63) rounds<round + 1>(state, message);
    }

    static void compress(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
        Word sums[8];
        for (std::size_t i = 0; i < 8; ++i) sums[i] = Vector::load(state + i * Vector::lanes);
        for (std::size_t block = 0; block < blocks; ++block) {
            Word message[16];
            Vector::load_block(data, block * 64, message);
            Word running[8];
            for (std::size_t i = 0; i < 8; ++i) running[i] = sums[i];
            rounds(running, message);
            for (std::size_t i = 0; i < 8; ++i) sums[i] = Vector::add(sums[i], running[i]);
        }
        for (std::size_t i = 0; i < 8; ++i) Vector::store(state + i * Vector::lanes, sums[i]);
    }
};

}  // namespace
}  // namespace shoal::hashing
