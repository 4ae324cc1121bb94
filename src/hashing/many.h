// SHA-1 and SHA-256 of many messages at once, by the fastest way that the processor has.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "hashing/kernels.h"

namespace shoal::hashing {

/// So many messages keep every processor busy; with more there is nothing to be gained.
inline constexpr std::size_t enough_messages = max_lanes;

/// Running digests of several messages. Not thread-safe; distinct objects may be used by distinct
/// threads.
template <class DigestType>
class ManyHasher {
  public:
    /// kernels: most lanes first, the last with one lane; they must outlive this object.
    explicit ManyHasher(std::size_t count,
                        std::span<const Kernel> kernels = chosen_kernels<DigestType>());

    /// Appends parts[i] to message i, for the first parts.size() messages. Parts of any length,
    /// also none; quickest are multiples of `unit`.
    void update(std::span<const Bytes> parts);
    /// Drops what message i has taken so far.
    void restart(std::size_t i) { messages_[i] = {}; }
    /// The digest of message i, which starts anew.
    DigestType finish(std::size_t i);
    /// The digests of the first digests.size() messages, which start anew.
    void finish(std::span<DigestType> digests);

  private:
    using State = std::array<std::uint32_t, DigestType::size / 4>;
    /// The end of a message with what the algorithm adds to it.
    using Tail = std::array<std::byte, 2 * unit>;
    struct Message {
        State state = start_state<DigestType>;
        std::array<std::byte, unit> pending{};  ///< its first length % unit bytes wait for more
        std::uint64_t length = 0;               ///< bytes
    };
    /// Blocks to be taken into a state.
    struct Run {
        std::uint32_t* state;
        const std::byte* data;
        std::size_t blocks;
    };
    class Lanes;

    void finish(std::span<Message> messages, std::span<DigestType> digests);
    static Bytes fill_pending(Message& message, Bytes part);
    static std::size_t write_tail(const Message& message, Tail& tail);
    static DigestType take_digest(Message& message);
    void compress();

    std::span<const Kernel> kernels_;
    std::vector<Message> messages_;
    std::vector<Run> runs_;  ///< of distinct states; compress() empties it
    std::vector<Bytes> rest_;
    std::vector<Tail> tails_;
};

/// digests[i] becomes the digest of messages[i].
template <class DigestType>
void digest_many(std::span<const Bytes> messages, std::span<DigestType> digests);

/// A level of a Merkle tree from the one below: parents[i] becomes the SHA-256 of children[2 * i]
/// and children[2 * i + 1]. Both may begin at the same place.
void hash_pairs(std::span<const Sha256Digest> children, std::span<Sha256Digest> parents);

}  // namespace shoal::hashing
