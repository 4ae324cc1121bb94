// One simulated peer: the swarm logic that ships, with a link of limited rate, a memory for a disk,
// and, where the scenario wants it, bad manners.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/digest.h"
#include "base/random.h"
#include "metainfo/layout.h"
#include "sim/timeline.h"
#include "swarm/torrent.h"
#include "wire/decoder.h"

namespace shoal::sim {

/// The torrent that everybody in a run shares, and its true content.
struct Content {
    metainfo::Layout layout;
    ByteVector bytes;
    std::vector<Sha1Digest> digests;  ///< by piece

    static Content make(std::uint32_t pieces, std::uint32_t piece_length, std::uint64_t seed);
};

enum class Manners : std::uint8_t {
    honest,
    liar,    ///< now and then sends false data
    staller  ///< now and then stops answering for a while
};

struct HostOptions {
    Manners manners = Manners::honest;
    double upload_rate = 1e6;             ///< bytes a second
    std::optional<double> download_rate;  ///< bytes a second; none: no limit
    Bitfield have;                        ///< what it starts with
    swarm::Settings settings;
    ByteCount memory = 1 << 20;  ///< for pieces in flight
};

/// Everything happens on the timeline. Hosts refer to each other while connected; destroy them
/// only after the run.
class Host {
  public:
    Host(Timeline& timeline, const Content& content, std::uint32_t number, HostOptions options,
         std::uint64_t seed);
    ~Host();

    /// Connects both to each other; nothing happens if they are connected, or one has left or
    /// thrown the other out before. `delay`: one way.
    static void connect(Host& a, Host& b, Duration delay);
    /// Hangs up on everybody and never comes back.
    void leave();

    [[nodiscard]] std::uint32_t number() const { return number_; }
    [[nodiscard]] bool gone() const { return gone_; }
    [[nodiscard]] bool complete() const { return torrent_->finished(); }
    [[nodiscard]] Manners manners() const { return options_.manners; }
    [[nodiscard]] std::size_t connections() const { return lines_.size(); }
    [[nodiscard]] const Bitfield& have() const { return torrent_->pieces().have(); }
    [[nodiscard]] const std::set<std::uint32_t>& thrown_out() const { return thrown_out_; }
    [[nodiscard]] ByteCount sent() const { return sent_; }
    [[nodiscard]] std::optional<TimePoint> completed_at() const { return completed_at_; }

    /// Whether the logic's rules hold, and the disk has just what is claimed.
    [[nodiscard]] bool consistent() const;

  private:
    /// This host's end of a connection.
    struct Line {
        Host* other = nullptr;
        swarm::PeerKey key;
        swarm::PeerKey key_there;
        Duration delay{};
        wire::Decoder decoder;
    };

    void tick();
    void settle();
    void hang_up(swarm::PeerKey key);
    void arrive(swarm::PeerKey key, ByteVector bytes);
    void on_bytes(swarm::PeerKey key, const ByteVector& bytes);
    void on_event(Line& line, const wire::Event& event);
    void transmit(Line& line, ByteVector bytes);
    void pump();
    ByteVector block_message(const BlockRange& range);
    void verify(PieceIndex piece);
    [[nodiscard]] MutableBytes memory_of(const BlockRange& range);

    Timeline& timeline_;
    const Content& content_;
    std::uint32_t number_;
    HostOptions options_;
    Random random_;
    swarm::PieceBudget budget_;
    std::unique_ptr<swarm::Torrent> torrent_;
    std::map<swarm::PeerKey, std::unique_ptr<Line>> lines_;
    std::map<PieceIndex, ByteVector> memory_;  ///< pieces in flight
    std::map<PieceIndex, ByteVector> disk_;    ///< pieces stored in this run
    std::set<std::uint32_t> thrown_out_;       ///< hosts that were banned
    std::uint32_t next_key_ = 0;
    TimePoint uplink_free_{};
    TimePoint downlink_free_{};
    TimePoint mute_until_{};  ///< a staller's present mood
    bool pump_planned_ = false;
    bool settling_ = false;
    bool gone_ = false;
    ByteCount sent_ = 0;
    std::optional<TimePoint> completed_at_;
};

}  // namespace shoal::sim
