#include "hashing/many.h"

#include <algorithm>
#include <cassert>

namespace shoal::hashing {

/// The lanes of one kernel, in which runs of blocks follow each other.
template <class DigestType>
class ManyHasher<DigestType>::Lanes {
  public:
    explicit Lanes(const Kernel& kernel) : kernel_(kernel) {}

    /// Works on the runs as long as there are enough of them to be worth it, and leaves the rest.
    void work(std::vector<Run>& runs) {
        for (;;) {
            fill(runs);
            if (busy_ < kernel_.worth_from) break;
            step();
        }
        for (std::size_t lane = 0; lane < kernel_.lanes; ++lane) {
            if (lanes_[lane].blocks == 0) continue;
            unload(lane);
            runs.push_back(lanes_[lane]);
        }
    }

  private:
    static constexpr std::size_t words = DigestType::size / 4;

    void fill(std::vector<Run>& runs) {
        for (std::size_t lane = 0; lane < kernel_.lanes && !runs.empty(); ++lane) {
            if (lanes_[lane].blocks > 0) continue;
            lanes_[lane] = runs.back();
            runs.pop_back();
            for (std::size_t i = 0; i < words; ++i) {
                state_[i * kernel_.lanes + lane] = lanes_[lane].state[i];
            }
            ++busy_;
        }
    }

    /// As many blocks as the shortest run has.
    void step() {
        const Run* shortest = nullptr;
        for (const Run& run : lanes_) {
            if (run.blocks > 0 && (shortest == nullptr || run.blocks < shortest->blocks)) {
                shortest = &run;
            }
        }
        const std::size_t blocks = shortest->blocks;
        // Lanes that have nothing to do read along with another, for nothing.
        std::array<const std::byte*, max_lanes> data{};
        for (std::size_t lane = 0; lane < kernel_.lanes; ++lane) {
            data[lane] = lanes_[lane].blocks > 0 ? lanes_[lane].data : shortest->data;
        }
        kernel_.compress(state_.data(), data.data(), blocks);
        for (std::size_t lane = 0; lane < kernel_.lanes; ++lane) {
            Run& run = lanes_[lane];
            if (run.blocks == 0) continue;
            run.data += blocks * unit;
            run.blocks -= blocks;
            if (run.blocks > 0) continue;
            unload(lane);
            --busy_;
        }
    }

    void unload(std::size_t lane) {
        for (std::size_t i = 0; i < words; ++i) {
            lanes_[lane].state[i] = state_[i * kernel_.lanes + lane];
        }
    }

    const Kernel& kernel_;
    alignas(64) std::array<std::uint32_t, words * max_lanes> state_{};
    std::array<Run, max_lanes> lanes_{};  ///< without blocks: free
    std::size_t busy_ = 0;
};

template <class DigestType>
ManyHasher<DigestType>::ManyHasher(std::size_t count, std::span<const Kernel> kernels)
    : kernels_(kernels), messages_(count) {
    assert(!kernels.empty() && kernels.back().lanes == 1);
}

template <class DigestType>
void ManyHasher<DigestType>::compress() {
    for (const Kernel& kernel : kernels_) {
        if (runs_.size() >= kernel.worth_from) Lanes(kernel).work(runs_);
    }
}

/// Returns what is left of the part.
template <class DigestType>
Bytes ManyHasher<DigestType>::fill_pending(Message& message, Bytes part) {
    const std::size_t filled = message.length % unit;
    if (filled == 0) return part;
    const Bytes taken = part.first(std::min(part.size(), unit - filled));
    std::ranges::copy(taken, message.pending.begin() + static_cast<std::ptrdiff_t>(filled));
    return part.subspan(taken.size());
}

template <class DigestType>
void ManyHasher<DigestType>::update(std::span<const Bytes> parts) {
    assert(parts.size() <= messages_.size());
    rest_.clear();
    for (std::size_t i = 0; i < parts.size(); ++i) {
        Message& message = messages_[i];
        rest_.push_back(fill_pending(message, parts[i]));
        const std::size_t taken = parts[i].size() - rest_[i].size();
        message.length += taken;
        if (taken > 0 && message.length % unit == 0) {
            runs_.push_back({message.state.data(), message.pending.data(), 1});
        }
    }
    compress();
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t blocks = rest_[i].size() / unit;
        if (blocks > 0) runs_.push_back({messages_[i].state.data(), rest_[i].data(), blocks});
    }
    compress();
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const Bytes left = rest_[i].last(rest_[i].size() % unit);
        std::ranges::copy(left, messages_[i].pending.begin());
        messages_[i].length += rest_[i].size();
    }
}

/// Returns its length in blocks.
template <class DigestType>
std::size_t ManyHasher<DigestType>::write_tail(const Message& message, Tail& tail) {
    const std::size_t filled = message.length % unit;
    constexpr std::size_t length_size = sizeof(std::uint64_t);
    const std::size_t blocks = filled + 1 + length_size <= unit ? 1 : 2;
    tail.fill(std::byte{0});
    std::copy_n(message.pending.begin(), filled, tail.begin());
    tail[filled] = std::byte{0x80};
    store_big_endian(message.length * 8,
                     MutableBytes(tail).subspan(blocks * unit - length_size, length_size));
    return blocks;
}

template <class DigestType>
DigestType ManyHasher<DigestType>::take_digest(Message& message) {
    DigestType digest;
    for (std::size_t i = 0; i < message.state.size(); ++i) {
        store_big_endian(message.state[i], MutableBytes(digest.bytes).subspan(4 * i, 4));
    }
    message = {};
    return digest;
}

template <class DigestType>
void ManyHasher<DigestType>::finish(std::span<Message> messages, std::span<DigestType> digests) {
    tails_.resize(messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const std::size_t blocks = write_tail(messages[i], tails_[i]);
        runs_.push_back({messages[i].state.data(), tails_[i].data(), blocks});
    }
    compress();
    for (std::size_t i = 0; i < messages.size(); ++i) digests[i] = take_digest(messages[i]);
}

template <class DigestType>
DigestType ManyHasher<DigestType>::finish(std::size_t i) {
    DigestType digest;
    finish(std::span(messages_).subspan(i, 1), std::span(&digest, 1));
    return digest;
}

template <class DigestType>
void ManyHasher<DigestType>::finish(std::span<DigestType> digests) {
    assert(digests.size() <= messages_.size());
    finish(std::span(messages_).first(digests.size()), digests);
}

template class ManyHasher<Sha1Digest>;
template class ManyHasher<Sha256Digest>;

template <class DigestType>
void digest_many(std::span<const Bytes> messages, std::span<DigestType> digests) {
    assert(messages.size() == digests.size());
    ManyHasher<DigestType> hasher(messages.size());
    hasher.update(messages);
    hasher.finish(digests);
}

template void digest_many(std::span<const Bytes>, std::span<Sha1Digest>);
template void digest_many(std::span<const Bytes>, std::span<Sha256Digest>);

void hash_pairs(std::span<const Sha256Digest> children, std::span<Sha256Digest> parents) {
    assert(children.size() == 2 * parents.size());
    std::array<Bytes, 4 * enough_messages> pairs;
    ManyHasher<Sha256Digest> hasher(std::min(pairs.size(), parents.size()));
    const Bytes bytes = std::as_bytes(children);
    for (std::size_t at = 0; at < parents.size();) {
        const std::size_t count = std::min(pairs.size(), parents.size() - at);
        for (std::size_t i = 0; i < count; ++i) pairs[i] = bytes.subspan((at + i) * unit, unit);
        hasher.update(std::span(pairs).first(count));
        hasher.finish(parents.subspan(at, count));
        at += count;
    }
}

}  // namespace shoal::hashing
