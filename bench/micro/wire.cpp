// The peer protocol's codec: small messages, and blocks of 16 KiB as they arrive from a socket.
#include <algorithm>
#include <benchmark/benchmark.h>

#include "wire/decoder.h"
#include "wire/encoder.h"

namespace {

using namespace shoal;
using namespace shoal::wire;

constexpr std::uint32_t messages_a_round = 1000;

void append(ByteVector& to, Bytes bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

void encode_requests(ByteVector& to) {
    for (std::uint32_t i = 0; i < messages_a_round; ++i) {
        encode(Request{{PieceIndex(i), i % 16 * block_size, block_size}}, to);
    }
}

/// Feeds a stream to a decoder as a socket would, and counts what comes out.
std::size_t decode(Decoder& decoder, Bytes stream, MutableBytes block) {
    std::size_t events = 0;
    while (!stream.empty()) {
        std::size_t taken = 0;
        for (const MutableBytes buffer : decoder.prepare()) {
            const Bytes part = stream.first(std::min(stream.size(), buffer.size()));
            std::ranges::copy(part, buffer.begin());
            stream = stream.subspan(part.size());
            taken += part.size();
        }
        decoder.commit(taken);
        while (const auto event = decoder.poll().value()) {
            if (std::holds_alternative<BlockStart>(*event)) decoder.accept_block(block);
            ++events;
        }
    }
    return events;
}

void greet(Decoder& decoder) {
    decode(decoder, Handshake{}.encode(), {});
}

void encoding(benchmark::State& state) {
    ByteVector out;
    for (auto _ : state) {
        out.clear();
        encode_requests(out);
        benchmark::DoNotOptimize(out.data());
    }
    state.SetItemsProcessed(state.iterations() * messages_a_round);
}
BENCHMARK(encoding)->Name("wire/encode requests");

void decoding(benchmark::State& state) {
    ByteVector stream;
    encode_requests(stream);
    Decoder decoder;
    greet(decoder);
    for (auto _ : state) {
        if (decode(decoder, stream, {}) != messages_a_round) state.SkipWithError("messages lost");
    }
    state.SetItemsProcessed(state.iterations() * messages_a_round);
}
BENCHMARK(decoding)->Name("wire/decode requests");

void decoding_blocks(benchmark::State& state) {
    constexpr std::uint32_t blocks = 64;
    ByteVector block(block_size);
    ByteVector stream;
    for (std::uint32_t i = 0; i < blocks; ++i) {
        append(stream, encode_piece_header({PieceIndex(i), 0, block_size}));
        append(stream, block);
    }
    Decoder decoder;
    greet(decoder);
    for (auto _ : state) {
        if (decode(decoder, stream, block) != 2 * blocks) state.SkipWithError("blocks lost");
    }
    state.SetBytesProcessed(state.iterations() * std::ssize(stream));
}
BENCHMARK(decoding_blocks)->Name("wire/decode blocks");

}  // namespace
