// The peers of one swarm and one address family, packed: a few bytes a peer, found by address and
// port, drawn at random.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/random.h"

namespace shoal::tracker {

/// A secret that nobody can choose colliding addresses or info hashes against.
struct HashSecret {
    std::uint64_t first = random_seed();
    std::uint64_t second = random_seed() | 1;

    [[nodiscard]] std::uint64_t mix(Bytes bytes) const;
};

/// What is remembered of a peer beside its address. The numbers are the lowest bits of larger ones
/// and wrap; seconds_bits and so on say where.
struct PeerNotes {
    static constexpr unsigned seen_bits = 18;
    static constexpr unsigned amount_bits = 22;

    std::uint64_t seen : seen_bits = 0;  ///< when it announced last, in the store's ticks
    /// What it said then that it has transferred, in the store's units.
    std::uint64_t uploaded : amount_bits = 0;
    std::uint64_t downloaded : amount_bits = 0;
    std::uint64_t completed : 1 = 0;  ///< its completion is counted
    std::uint64_t paused : 1 = 0;     ///< wants no data though it has not all
};
static_assert(sizeof(PeerNotes) == 8);

/// Lies in pages of some tens of peers each, by a hash of their addresses, of which there are as
/// many as the number of peers asks for: no change ever moves more than one or two pages (linear
/// hashing). In a page, leechers stand before seeds, so that either can be drawn from as a range.
/// Not thread-safe.
template <std::size_t AddressSize>
class PeerTable {
  public:
    /// Address and port in network order: what stands in a compact answer.
    using Key = std::array<std::byte, AddressSize + 2>;
    /// Where a peer is, until the next change.
    struct Place {
        std::size_t page = 0;
        std::size_t index = 0;
        bool operator==(const Place&) const = default;
    };
    /// Whom to draw from.
    enum class Range : std::uint8_t { all, leechers };

    [[nodiscard]] std::size_t size() const { return more_ ? more_->size : first_.size; }
    [[nodiscard]] std::size_t leechers() const { return more_ ? more_->leechers : first_.leechers; }
    [[nodiscard]] std::size_t seeds() const { return size() - leechers(); }

    [[nodiscard]] std::optional<Place> find(const Key& key, const HashSecret& secret) const;
    /// The key must not be there yet.
    Place add(const Key& key, bool seed, const HashSecret& secret);
    void remove(Place at);
    /// Makes the peer a seed or a leecher and returns its new place.
    Place set_seed(Place at, bool seed);
    [[nodiscard]] bool is_seed(Place at) const { return at.index >= page(at.page).leechers; }

    [[nodiscard]] Key key(Place at) const;
    [[nodiscard]] PeerNotes notes(Place at) const;
    void set_notes(Place at, const PeerNotes& notes);

    /// Peers' ids take more than all else and are kept only where they are set. Zero: not known.
    [[nodiscard]] Digest<20> id(Place at) const;
    void set_id(Place at, const Digest<20>& id);
    /// The ids of a page's peers are not known any more.
    void drop_ids(std::size_t page);

    /// How many pages there are, one at least.
    [[nodiscard]] std::size_t pages() const { return more_ ? more_->pages.size() + 1 : 1; }
    /// Removes those peers of a page whose notes are expired; returns how many these were. The
    /// number of pages stays as it is until the next settle().
    template <class Expired>
    std::size_t sweep(std::size_t number, Expired expired);
    /// Gives up pages that are too many by now, no more than `most`.
    void settle(std::size_t most);

    /// Appends up to `wanted` different peers of the range, leaving out the one at `skip`. Every
    /// peer is as likely as any other.
    void draw(std::size_t wanted, Range range, std::optional<Place> skip, Random& random,
              std::string& keys, std::vector<Digest<20>>* ids) const;

  private:
    static constexpr std::size_t key_size = AddressSize + 2;
    /// So many peers a page there are on average before there is another page.
    static constexpr std::size_t full_page = 80;

    /// The block holds the keys of all peers, then their notes, then their ids, if it has any; of
    /// each there is room for `capacity`.
    struct Page {
        std::unique_ptr<std::byte[]> block;  // NOLINT(modernize-avoid-c-arrays)
        std::uint16_t size = 0;
        std::uint16_t leechers = 0;
        std::uint16_t capacity = 0;
        bool has_ids = false;

        [[nodiscard]] std::byte* key(std::size_t at) const { return block.get() + at * key_size; }
        [[nodiscard]] std::byte* notes(std::size_t at) const {
            return key(capacity) + at * sizeof(PeerNotes);
        }
        [[nodiscard]] std::byte* id(std::size_t at) const {
            return notes(capacity) + at * InfoHash::size;
        }
        [[nodiscard]] std::size_t count(Range range) const {
            return range == Range::all ? size : leechers;
        }
        void reserve(std::size_t wanted, bool with_ids);
        void swap(std::size_t a, std::size_t b);
        std::size_t set_seed(std::size_t at, bool seed);
        std::size_t add(const Key& key, bool seed);
        void remove(std::size_t at);
        void move_to(Page& other, std::size_t at);
        [[nodiscard]] Key key_at(std::size_t at) const;
    };
    /// What only tables of more than one page have.
    struct More {
        std::vector<Page> pages;  ///< but for the first
        std::size_t size = 0;
        std::size_t leechers = 0;
    };

    [[nodiscard]] const Page& page(std::size_t number) const {
        return number == 0 ? first_ : more_->pages[number - 1];
    }
    [[nodiscard]] Page& page(std::size_t number) {
        return number == 0 ? first_ : more_->pages[number - 1];
    }
    [[nodiscard]] std::size_t page_of(std::uint64_t hash) const;
    [[nodiscard]] std::size_t count(Range range) const {
        return range == Range::all ? size() : leechers();
    }
    void count_change(std::ptrdiff_t peers, std::ptrdiff_t leechers);
    void add_page(const HashSecret& secret);
    void drop_page();
    [[nodiscard]] std::size_t rank_of(Place at, Range range) const;
    void draw_by_rank(std::size_t wanted, Range range, std::optional<Place> skip, Random& random,
                      std::string& keys, std::vector<Digest<20>>* ids) const;
    void draw_by_hash(std::size_t wanted, Range range, std::optional<Place> skip, Random& random,
                      std::string& keys, std::vector<Digest<20>>* ids) const;
    void take(Place at, std::string& keys, std::vector<Digest<20>>* ids) const;

    Page first_;
    std::unique_ptr<More> more_;
};

template <std::size_t N>
template <class Expired>
std::size_t PeerTable<N>::sweep(std::size_t number, Expired expired) {
    Page& swept = page(number);
    const std::size_t before = swept.size;
    const std::size_t leechers_before = swept.leechers;
    // From behind, because removing fills a gap with peers from behind it.
    for (std::size_t i = swept.size; i-- > 0;) {
        if (expired(notes({number, i}))) swept.remove(i);
    }
    const std::size_t removed = before - swept.size;
    count_change(-static_cast<std::ptrdiff_t>(removed),
                 -static_cast<std::ptrdiff_t>(leechers_before - swept.leechers));
    return removed;
}

extern template class PeerTable<4>;
extern template class PeerTable<16>;

}  // namespace shoal::tracker
