// One torrent among peers that say and do whatever the input has them do, in any order that a
// connection allows: its rules hold after every step, nobody honest is accused, and one good peer
// that comes at last completes it.
#include <deque>
#include <map>
#include <set>

#include "input.h"
#include "require.h"
#include "swarm/torrent.h"
#include "wire/decoder.h"

using namespace shoal;
using namespace shoal::swarm;

namespace {

metainfo::Layout make_layout(Input& input) {
    const std::uint32_t piece_length = block_size << input.below(3);
    const std::uint32_t pieces = 1 + input.below(12);
    metainfo::File file;
    file.path = {"content"};
    file.length = ByteCount{pieces} * piece_length - input.below(piece_length);
    return metainfo::Layout({file}, piece_length);
}

Bitfield make_bits(Input& input, std::size_t size, bool mostly) {
    Bitfield bits(size, mostly);
    if (input.flag()) return bits;
    for (std::size_t i = 0; i < size; ++i) {
        if (input.flag()) {
            bits.set(i);
        } else {
            bits.clear(i);
        }
    }
    return bits;
}

Sha1Digest digest_of(const BlockRange& range, bool honest) {
    Sha1Digest digest;
    store_big_endian(range.piece.value(), MutableBytes(digest.bytes));
    store_big_endian(range.offset, MutableBytes(digest.bytes).subspan(4));
    digest.bytes[8] = std::byte{honest};
    return digest;
}

class World {
  public:
    explicit World(Input& input)
        : input_(input),
          layout_(make_layout(input)),
          budget_{.limit = ByteCount{layout_.piece_length()} * (1 + input.below(4))},
          have_(make_bits(input, layout_.piece_count(), false)),
          torrent_(layout_, have_, make_bits(input, layout_.piece_count(), true),
                   Settings{.single_source = input.below(4) == 1, .upload_slots = 2}, budget_, 1) {}

    void run() {
        check();
        while (!input_.empty()) {
            step();
            settle();
            check();
        }
        finish();
    }

  private:
    /// What a connection carries besides its messages.
    struct Line {
        std::deque<BlockRange> asked;
        std::optional<BlockRange> arriving;
        bool wanted = false;  ///< the arriving block goes to its place
    };

    PeerKey add(bool fast) {
        const PeerKey key(next_++);
        lines_[key];
        torrent_.add_peer(key, {.fast = fast}, now_);
        return key;
    }

    void remove(PeerKey key) {
        lines_.erase(key);
        torrent_.remove_peer(key, now_);
    }

    std::map<PeerKey, Line>::iterator some_line() {
        if (lines_.empty()) add(input_.flag());
        return std::next(lines_.begin(), input_.below(static_cast<std::uint32_t>(lines_.size())));
    }

    void step() {
        constexpr std::uint32_t most_peers = 6;
        switch (input_.below(16)) {
            case 0:
                if (lines_.size() < most_peers) add(input_.flag());
                break;
            case 1:
                if (!lines_.empty()) remove(some_line()->first);
                break;
            case 2:
            case 3:
            case 4:
                say(some_line());
                break;
            case 5:
            case 6:
            case 7:
                begin_block(some_line());
                break;
            case 8:
            case 9:
            case 10:
                end_block(some_line(), input_.below(4) != 1);
                break;
            case 11:
                abort_block(some_line()->second);
                break;
            case 12:
                answer_disk(input_.below(8) == 1);
                break;
            case 13:
                now_ += 1ms * input_.below(65536);
                torrent_.tick(now_);
                break;
            case 14:
                upload(some_line()->first);
                break;
            default:
                configure(some_line()->first);
                break;
        }
    }

    PieceIndex some_piece() { return PieceIndex(input_.below(layout_.piece_count() + 1)); }

    BlockRange some_range(const Line& line) {
        if (!line.asked.empty() && input_.below(8) != 1) {
            return line.asked[input_.below(static_cast<std::uint32_t>(line.asked.size()))];
        }
        return {some_piece(), input_.below(5) * (block_size / 2), 1 + input_.below(block_size)};
    }

    /// A message; never in the middle of a block.
    void say(std::map<PeerKey, Line>::iterator at) {
        auto& [key, line] = *at;
        if (line.arriving) return;
        ByteVector bits;
        const wire::Message message = [&]() -> wire::Message {
            switch (input_.below(14)) {
                case 0:
                    return wire::Choke{};
                case 1:
                case 2:
                    return wire::Unchoke{};
                case 3:
                    return wire::Interested{};
                case 4:
                    return wire::NotInterested{};
                case 5:
                    return wire::Have{some_piece()};
                case 6:
                    bits = make_bits(input_, layout_.piece_count(), true).to_bytes();
                    return wire::BitfieldMessage{bits};
                case 7:
                    return wire::HaveAll{};
                case 8:
                    return wire::HaveNone{};
                case 9:
                    return wire::Request{{some_piece(), input_.below(65536), input_.below(65536)}};
                case 10:
                    return wire::Cancel{{some_piece(), 0, block_size}};
                case 11:
                    return wire::RejectRequest{some_range(line)};
                case 12:
                    return wire::AllowedFast{some_piece()};
                default:
                    return wire::SuggestPiece{some_piece()};
            }
        }();
        if (!torrent_.receive(key, message, now_)) remove(key);
    }

    void begin_block(std::map<PeerKey, Line>::iterator at) {
        auto& [key, line] = *at;
        if (line.arriving) return;
        line.arriving = some_range(line);
        line.wanted = torrent_.begin_block(key, *line.arriving, now_);
        if (line.wanted) REQUIRE(writing_.insert(*line.arriving).second);
    }

    void end_block(std::map<PeerKey, Line>::iterator at, bool honest) {
        auto& [key, line] = *at;
        if (!line.arriving) return;
        const BlockRange range = *std::exchange(line.arriving, std::nullopt);
        std::erase(line.asked, range);
        if (line.wanted) {
            if (!honest) liars_.insert(key);
            content_[range] = honest;
            torrent_.end_block(key, range, now_);
        } else {
            torrent_.refused_block(key, range, now_);
        }
    }

    void abort_block(Line& line) {
        if (!line.arriving || !line.wanted) return;
        line.wanted = false;
        torrent_.abort_block(*line.arriving);
    }

    /// What was asked of the disk first is done, or fails.
    void answer_disk(bool fails) {
        if (!parks_.empty()) {
            const PieceIndex piece = parks_.front();
            parks_.pop_front();
            torrent_.piece_parked(piece, now_);
            return;
        }
        if (stores_.empty()) return;
        const PieceIndex piece = stores_.front();
        stores_.pop_front();
        if (fails) return torrent_.piece_lost(piece, now_);
        std::vector<Sha1Digest> digests;
        bool good = true;
        for (std::uint32_t at = 0; at < layout_.piece_data_size(piece); at += block_size) {
            const BlockRange range{piece, at,
                                   std::min(block_size, layout_.piece_data_size(piece) - at)};
            REQUIRE(content_.contains(range));
            digests.push_back(digest_of(range, content_[range]));
            good = good && content_[range];
        }
        if (good) {
            torrent_.piece_good(piece, digests, now_);
        } else {
            torrent_.piece_bad(piece, digests, now_);
        }
    }

    void upload(PeerKey key) {
        const auto range = torrent_.next_upload(key, now_);
        if (!range) return;
        REQUIRE(torrent_.pieces().state(range->piece) == PieceState::on_disk);
        REQUIRE(range->length > 0 && range->offset < layout_.piece_size(range->piece));
        REQUIRE(range->length <= layout_.piece_size(range->piece) - range->offset);
        torrent_.uploaded(key, range->length, now_);
    }

    void configure(PeerKey key) {
        switch (input_.below(4)) {
            case 0:
                return torrent_.set_paused(true, now_);
            case 1:
                return torrent_.set_paused(false, now_);
            case 2:
                return torrent_.set_upload_only(key, input_.flag());
            default:
                return torrent_.set_request_limit(key, input_.below(65536));
        }
    }

    /// Does what the torrent has decided, as the owner of the connections would.
    void settle() {
        for (bool more = true; more;) {
            const Outcome outcome = torrent_.take_outcome();
            more = !outcome.to_flush.empty() || !outcome.disconnects.empty();
            for (const PeerKey key : outcome.to_flush) flush(key);
            for (const Disconnect& gone : outcome.disconnects) {
                if (gone.ban) REQUIRE(liars_.contains(gone.peer));
                if (lines_.contains(gone.peer)) remove(gone.peer);
            }
            stores_.insert(stores_.end(), outcome.to_store.begin(), outcome.to_store.end());
            parks_.insert(parks_.end(), outcome.to_park.begin(), outcome.to_park.end());
            if (outcome.finished) REQUIRE(torrent_.finished());
        }
        // A block has one writer: those that are done or given up make room for others.
        writing_.clear();
        for (const auto& [key, line] : lines_) {
            if (line.arriving && line.wanted) REQUIRE(writing_.insert(*line.arriving).second);
        }
    }

    void flush(PeerKey key) {
        const auto found = lines_.find(key);
        if (found == lines_.end()) return;
        const ByteVector bytes = std::exchange(torrent_.outbox(key), {});
        for (Bytes rest = bytes; !rest.empty();) {
            const std::size_t size = 4 + load_big_endian<std::uint32_t>(rest);
            REQUIRE(size <= rest.size());
            const auto id = size > 4 ? std::to_integer<std::uint8_t>(rest[4]) : 255;
            if (id == static_cast<std::uint8_t>(wire::MessageId::request)) {
                note_request(found->second, rest.subspan(5));
            }
            rest = rest.subspan(size);
        }
    }

    void note_request(Line& line, Bytes payload) {
        const BlockRange range{PieceIndex(load_big_endian<std::uint32_t>(payload)),
                               load_big_endian<std::uint32_t>(payload.subspan(4)),
                               load_big_endian<std::uint32_t>(payload.subspan(8))};
        REQUIRE(range.piece.value() < layout_.piece_count());
        REQUIRE(range.length > 0 && range.length <= block_size);
        REQUIRE(range.offset + range.length <= layout_.piece_size(range.piece));
        line.asked.push_back(range);
    }

    void check() {
        REQUIRE(torrent_.consistent());
        REQUIRE(budget_.used >= 0);
        REQUIRE(budget_.used <= std::max(budget_.limit, ByteCount{layout_.piece_length()}));
    }

    /// Everybody leaves, and a peer comes that has all and gives what it is asked for.
    void finish() {
        while (!lines_.empty()) remove(lines_.begin()->first);
        torrent_.set_paused(false, now_);
        while (!stores_.empty() || !parks_.empty()) {
            answer_disk(false);
            settle();
        }
        if (torrent_.finished()) return;
        const PeerKey seed = add(true);
        REQUIRE(torrent_.receive(seed, wire::HaveAll{}, now_));
        REQUIRE(torrent_.receive(seed, wire::Unchoke{}, now_));
        for (int turn = 0; turn < 1000 && !torrent_.finished(); ++turn) {
            now_ += 100ms;
            torrent_.tick(now_);
            settle();
            while (lines_.contains(seed) && !lines_.at(seed).asked.empty()) {
                Line& line = lines_.at(seed);
                line.arriving = line.asked.front();
                line.wanted = torrent_.begin_block(seed, *line.arriving, now_);
                end_block(lines_.find(seed), true);
                settle();
                answer_disk(false);
                settle();
                check();
            }
            answer_disk(false);
            settle();
            check();
        }
        REQUIRE(torrent_.finished());
        REQUIRE(!lines_.contains(seed));  // nothing left to give to each other
    }

    Input& input_;
    const metainfo::Layout layout_;
    PieceBudget budget_;
    const Bitfield have_;
    Torrent torrent_;
    TimePoint now_{1h};
    std::uint32_t next_ = 0;
    std::map<PeerKey, Line> lines_;
    std::map<BlockRange, bool> content_;  ///< blocks received: whether they are true
    std::set<BlockRange> writing_;
    std::set<PeerKey> liars_;
    std::deque<PieceIndex> stores_;
    std::deque<PieceIndex> parks_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 4096) return 0;
    Input input(data, size);
    World(input).run();
    return 0;
}
