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

/// What is remembered of every peer beside its address.
struct PeerNotes {
    static constexpr unsigned seen_bits = 23;

    std::uint32_t seen : seen_bits = 0;  ///< when it announced last: the lowest bits, in ticks
    std::uint32_t completed : 1 = 0;     ///< its completion is counted

    static constexpr std::size_t size = 3;  ///< bytes
};

/// What a peer said last that it has transferred: the lowest bits of the number of whole KiB.
struct PeerAmounts {
    std::uint32_t uploaded = UINT32_MAX;
    std::uint32_t downloaded = UINT32_MAX;
    /// Both at their utmost: it is not known, and a peer that says just this is not, either.
    bool operator==(const PeerAmounts&) const = default;
};

/// Lies in pages of a hundred peers or so, by a hash of their addresses, of which there are as
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

    /// Of how many peers this one's amounts stand for themselves and the others: 1 where all are
    /// kept; in a large table those of every eighth page are, and 0 is what the others stand for.
    [[nodiscard]] std::size_t weight(Place at) const { return weight_of(at.page); }
    [[nodiscard]] PeerAmounts amounts(Place at) const;
    void set_amounts(Place at, const PeerAmounts& amounts);

    /// Peers' ids take more than all else and are kept only where they are set. Zero: not known.
    [[nodiscard]] Digest<20> id(Place at) const;
    void set_id(Place at, const Digest<20>& id);
    /// Forgets what need not be kept of a page's peers: amounts of no weight, and unless they are
    /// wanted the ids.
    void trim(std::size_t page, bool wants_ids);

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
              std::string& out, std::vector<Digest<20>>* ids) const;

  private:
    /// So many peers a page there are on average before there is another page.
    static constexpr std::size_t full_page = 128;
    /// Tables of more pages keep the amounts of a part of them, one in so many.
    static constexpr std::size_t pages_with_amounts = 16;
    static constexpr std::size_t weight_of_part = 8;

    /// What a page has of each of its peers, one part behind the other; of the last two it may
    /// have neither.
    enum Part : std::uint8_t { keys, notes_part, amounts_part, ids_part };
    static constexpr std::array parts = {keys, notes_part, amounts_part, ids_part};
    static constexpr std::array<std::size_t, parts.size()> part_size = {
        AddressSize + 2, PeerNotes::size, sizeof(PeerAmounts), InfoHash::size};

    /// Of each part there is room for `capacity`.
    struct Page {
        std::unique_ptr<std::byte[]> block;  // NOLINT(modernize-avoid-c-arrays)
        std::uint16_t size = 0;
        std::uint16_t leechers = 0;
        std::uint16_t capacity = 0;
        bool has_amounts = false;
        bool has_ids = false;

        [[nodiscard]] bool has(Part part) const {
            return part <= notes_part || (part == amounts_part ? has_amounts : has_ids);
        }
        [[nodiscard]] std::size_t part_begin(Part part) const;
        /// What the part says of a peer.
        [[nodiscard]] std::byte* at(Part part, std::size_t index) const {
            return block.get() + part_begin(part) + index * part_size[part];
        }
        [[nodiscard]] Key key(std::size_t index) const;
        [[nodiscard]] std::size_t count(Range range) const {
            return range == Range::all ? size : leechers;
        }
        void reserve(std::size_t wanted, bool amounts, bool ids);
        void set_unknown(Part part, std::size_t begin, std::size_t end);
        void swap(std::size_t a, std::size_t b);
        std::size_t set_seed(std::size_t index, bool seed);
        std::size_t add(const Key& key, bool seed);
        void remove(std::size_t index);
        void move_to(Page& other, std::size_t index);
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
    [[nodiscard]] std::size_t weight_of(std::size_t page) const {
        if (pages() <= pages_with_amounts) return 1;
        return page % weight_of_part == 0 ? weight_of_part : 0;
    }
    [[nodiscard]] std::size_t count(Range range) const {
        return range == Range::all ? size() : leechers();
    }
    void count_change(std::ptrdiff_t peers, std::ptrdiff_t leechers);
    void add_page(const HashSecret& secret);
    void drop_page();
    [[nodiscard]] std::size_t rank_of(Place at, Range range) const;
    void draw_by_rank(std::size_t wanted, Range range, std::optional<Place> skip, Random& random,
                      std::string& out, std::vector<Digest<20>>* ids) const;
    void draw_by_hash(std::size_t wanted, Range range, std::optional<Place> skip, Random& random,
                      std::string& out, std::vector<Digest<20>>* ids) const;
    void take(Place at, std::string& out, std::vector<Digest<20>>* ids) const;

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
