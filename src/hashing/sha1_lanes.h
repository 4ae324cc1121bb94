// SHA-1 of as many messages at once as a vector register has lanes. For the files of kernels only.
#pragma once
#include <cstddef>
#include <cstdint>

namespace shoal::hashing {
namespace {

template <class Vector>
struct Sha1Lanes {
    using Word = typename Vector::Word;

    template <int round>
    [[gnu::always_inline]] static inline Word mix(Word b, Word c, Word d) {
        if constexpr (round < 20) return Vector::choose(b, c, d);
        if constexpr (round >= 40 && round < 60) return Vector::majority(b, c, d);
        return Vector::exclusive_or(b, c, d);
    }

    /// The words of the state change their places from round to round instead of being moved.
    template <int round = 0>
    [[gnu::always_inline]] static inline void rounds(Word (&state)[5], Word (&message)[16]) {
        constexpr std::uint32_t keys[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
        Word& a = state[(80 - round) % 5];
        Word& b = state[(81 - round) % 5];
        Word& c = state[(82 - round) % 5];
        Word& d = state[(83 - round) % 5];
        Word& e = state[(84 - round) % 5];
        Word& word = message[round % 16];
        if constexpr (round >= 16) {
            const Word mixed = Vector::exclusive_or(
                message[(round + 13) % 16], message[(round + 8) % 16], message[(round + 2) % 16]);
            word = Vector::template rotate_left<1>(Vector::exclusive_or(mixed, word));
        }
        const Word ready = Vector::add(Vector::add(e, Vector::splat(keys[round / 20])), word);
        e = Vector::add(Vector::add(ready, mix<round>(b, c, d)),
                        Vector::template rotate_left<5>(a));
        b = Vector::template rotate_left<30>(b);
        if constexpr (round < 79) rounds<round + 1>(state, message);
    }

    static void compress(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
        Word sums[5];
        for (std::size_t i = 0; i < 5; ++i) sums[i] = Vector::load(state + i * Vector::lanes);
        for (std::size_t block = 0; block < blocks; ++block) {
            Word message[16];
            Vector::load_block(data, block * 64, message);
            Word running[5] = {sums[0], sums[1], sums[2], sums[3], sums[4]};
            rounds(running, message);
            for (std::size_t i = 0; i < 5; ++i) sums[i] = Vector::add(sums[i], running[i]);
        }
        for (std::size_t i = 0; i < 5; ++i) Vector::store(state + i * Vector::lanes, sums[i]);
    }
};

}  // namespace
}  // namespace shoal::hashing
