// Fetching the info dictionary of a magnet link from peers (BEP 9), and serving it.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bitfield.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/time.h"
#include "swarm/peer_key.h"
#include "wire/extension.h"

namespace shoal::swarm {

inline constexpr std::uint32_t metadata_piece_size = 16 * 1024;

/// The answer to a peer that asks for a piece of the info dictionary.
wire::MetadataMessage metadata_answer(Bytes info, std::uint32_t piece);

/// Collects the dictionary of one magnet link. What peers claim is believed only once the whole
/// has the right hash; a peer whose word alone made a wrong one is reported. Not thread-safe.
class MetadataFetch {
  public:
    /// SHA-1 of the dictionary, or the first 20 bytes of its SHA-256.
    explicit MetadataFetch(const InfoHash& info_hash) : info_hash_(info_hash) {}

    struct Ask {
        PeerKey peer;
        std::uint32_t piece = 0;
    };

    /// A peer that can be asked, with the size it claims first. False: the size is absurd.
    [[nodiscard]] bool add_peer(PeerKey key, std::uint32_t claimed_size);
    void remove_peer(PeerKey key);

    /// A data message. Returns the peer to be disconnected if it lied or broke the protocol.
    std::optional<PeerKey> on_data(PeerKey key, const wire::MetadataMessage& message);
    void on_reject(PeerKey key);

    /// The requests to send now. Call after each change and about once a second.
    [[nodiscard]] std::vector<Ask> next(TimePoint now);

    /// The whole dictionary with the right hash, once it is there.
    [[nodiscard]] const std::optional<ByteVector>& result() const { return result_; }

  private:
    struct Source {
        PeerKey key;
        std::uint32_t size;
        TimePoint asked{};
        TimePoint again_at{};  ///< not asked before, after a reject or a silence
        Duration turn;         ///< after which another takes over, if there is one
        TimePoint turn_begin{};
    };

    /// The dictionary is fetched whole from one peer at a time, so that a wrong one has one author.
    /// It is small, and the next peer takes over as soon as one is silent or has had its turn.
    Source* choose(TimePoint now);
    void give_up(Source& source, TimePoint now);
    void start_over();

    InfoHash info_hash_;
    std::vector<Source> sources_;
    std::optional<PeerKey> current_;
    ByteVector data_;
    std::uint32_t received_ = 0;   ///< pieces so far, in order
    std::uint32_t requested_ = 0;  ///< pieces asked for so far, in order
    std::optional<ByteVector> result_;
    TimePoint now_{};
};

}  // namespace shoal::swarm
