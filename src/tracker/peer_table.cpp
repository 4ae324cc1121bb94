#include "tracker/peer_table.h"

#include <algorithm>
#include <bit>
#include <bitset>
#include <cassert>
#include <cmath>

#include "tracker/announce_query.h"

namespace shoal::tracker {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// A number in [0, bound), by a multiplication instead of a division: a bound of 2^32 is off by one
/// part in 2^32.
std::size_t below(Random& random, std::size_t bound) {
    return static_cast<std::size_t>(static_cast<Wide>(random()) * bound >> 64);
}

/// The room that a page has for so many peers.
std::size_t room_for(std::size_t peers) {
    const std::size_t step = peers <= 16 ? 2 : peers <= 32 ? 4 : 8;
    return (peers + step - 1) / step * step;
}

}  // namespace

std::uint64_t HashSecret::mix(Bytes bytes) const {
    std::uint64_t value = first;
    while (!bytes.empty()) {
        const std::size_t part = std::min<std::size_t>(bytes.size(), 8);
        std::uint64_t word = 0;
        std::copy_n(bytes.begin(), part, std::as_writable_bytes(std::span(&word, 1)).begin());
        value = fold(value ^ word, second) + first;
        bytes = bytes.subspan(part);
    }
    return value ^ value >> 32;
}

// A page.

template <std::size_t N>
std::size_t PeerTable<N>::Page::part_begin(Part part) const {
    std::size_t per_peer = 0;
    for (const Part before : parts) {
        if (before == part) break;
        if (has(before)) per_peer += part_size[before];
    }
    return per_peer * capacity;
}

/// Makes room for so many peers, and takes over what is known of those that are there.
template <std::size_t N>
void PeerTable<N>::Page::reserve(std::size_t wanted, bool amounts, bool ids) {
    Page next;
    next.size = size;
    next.leechers = leechers;
    next.capacity = static_cast<std::uint16_t>(room_for(wanted));
    next.has_amounts = amounts;
    next.has_ids = ids;
    std::size_t per_peer = 0;
    for (const Part part : parts) per_peer += next.has(part) ? part_size[part] : 0;
    const std::size_t bytes = per_peer * next.capacity;
    if (bytes > 0) next.block = std::make_unique_for_overwrite<std::byte[]>(bytes);
    for (const Part part : parts) {
        if (size == 0 || !next.has(part)) continue;
        if (has(part)) {
            std::memcpy(next.at(part, 0), at(part, 0), size * part_size[part]);
        } else {
            next.set_unknown(part, 0, size);
        }
    }
    *this = std::move(next);
}

template <std::size_t N>
void PeerTable<N>::Page::set_unknown(Part part, std::size_t begin, std::size_t end) {
    std::memset(at(part, begin), part == amounts_part ? 0xff : 0, (end - begin) * part_size[part]);
}

template <std::size_t N>
typename PeerTable<N>::Key PeerTable<N>::Page::key(std::size_t index) const {
    Key result;
    std::memcpy(result.data(), at(keys, index), result.size());
    return result;
}

template <std::size_t N>
void PeerTable<N>::Page::swap(std::size_t a, std::size_t b) {
    if (a == b) return;
    for (const Part part : parts) {
        if (has(part)) std::swap_ranges(at(part, a), at(part, a) + part_size[part], at(part, b));
    }
}

template <std::size_t N>
std::size_t PeerTable<N>::Page::set_seed(std::size_t index, bool seed) {
    if (seed == (index >= leechers)) return index;
    // The peer changes places with the one at the border, and the border moves over it.
    const std::size_t border = seed ? leechers - 1u : leechers;
    swap(index, border);
    leechers = static_cast<std::uint16_t>(seed ? leechers - 1 : leechers + 1);
    return border;
}

template <std::size_t N>
std::size_t PeerTable<N>::Page::add(const Key& key, bool seed) {
    if (size == capacity) reserve(size + 1u, has_amounts, has_ids);
    const std::size_t index = size++;
    std::memcpy(at(keys, index), key.data(), key.size());
    for (const Part part : parts) {
        if (part != keys && has(part)) set_unknown(part, index, index + 1);
    }
    return seed ? index : set_seed(index, false);
}

template <std::size_t N>
void PeerTable<N>::Page::remove(std::size_t index) {
    swap(set_seed(index, true), size - 1u);
    --size;
    if (room_for(size) + 16 <= capacity || size == 0) reserve(size, has_amounts, has_ids);
}

/// The peer goes to another page, with all that is known of it.
template <std::size_t N>
void PeerTable<N>::Page::move_to(Page& other, std::size_t index) {
    const bool amounts = has_amounts || other.has_amounts;
    const bool ids = has_ids || other.has_ids;
    if (amounts != other.has_amounts || ids != other.has_ids) {
        other.reserve(other.size + 1u, amounts, ids);
    }
    const std::size_t there = other.add(key(index), index >= leechers);
    for (const Part part : parts) {
        if (has(part)) std::memcpy(other.at(part, there), at(part, index), part_size[part]);
    }
    remove(index);
}

// The pages together.

/// With a number of pages that is no power of two, those with the highest numbers are split off
/// from the first ones; the others are not split yet.
template <std::size_t N>
std::size_t PeerTable<N>::page_of(std::uint64_t hash) const {
    const std::size_t all = pages();
    const std::size_t slots = std::bit_ceil(all);
    const std::size_t number = hash & (slots - 1);
    return number < all ? number : number - slots / 2;
}

template <std::size_t N>
void PeerTable<N>::count_change(std::ptrdiff_t peers, std::ptrdiff_t leechers) {
    if (!more_) return;
    more_->size += peers;
    more_->leechers += leechers;
}

/// A page is split in two.
template <std::size_t N>
void PeerTable<N>::add_page(const HashSecret& secret) {
    if (!more_) {
        more_ = std::make_unique<More>();
        more_->size = first_.size;
        more_->leechers = first_.leechers;
    }
    const std::size_t added = pages();
    const std::size_t slots = std::bit_ceil(added + 1);
    more_->pages.emplace_back();
    Page& from = page(added - slots / 2);
    Page& to = page(added);
    for (std::size_t i = from.size; i-- > 0;) {
        if ((secret.mix(from.key(i)) & (slots - 1)) == added) from.move_to(to, i);
    }
}

/// The last page goes back into the one that it was split off from.
template <std::size_t N>
void PeerTable<N>::drop_page() {
    const std::size_t last = pages() - 1;
    Page& from = page(last);
    Page& to = page(last - std::bit_ceil(last + 1) / 2);
    while (from.size > 0) from.move_to(to, from.size - 1u);
    more_->pages.pop_back();
    if (more_->pages.empty()) {
        more_.reset();
    } else if (more_->pages.size() * 4 < more_->pages.capacity()) {
        more_->pages.shrink_to_fit();
    }
}

template <std::size_t N>
void PeerTable<N>::settle(std::size_t most) {
    for (; most > 0 && pages() > 1 && size() < (pages() - 1) * (full_page / 2); --most) {
        drop_page();
    }
}

template <std::size_t N>
std::optional<typename PeerTable<N>::Place> PeerTable<N>::find(const Key& key,
                                                               const HashSecret& secret) const {
    const std::size_t number = more_ ? page_of(secret.mix(key)) : 0;
    const Page& where = page(number);
    const std::byte* at = where.block.get();
    for (std::size_t i = 0; i < where.size; ++i, at += sizeof(Key)) {
        if (std::memcmp(at, key.data(), sizeof(Key)) == 0) return Place{number, i};
    }
    return std::nullopt;
}

template <std::size_t N>
typename PeerTable<N>::Place PeerTable<N>::add(const Key& key, bool seed,
                                               const HashSecret& secret) {
    assert(!find(key, secret));
    if (size() >= pages() * full_page) add_page(secret);
    const std::size_t number = more_ ? page_of(secret.mix(key)) : 0;
    const std::size_t index = page(number).add(key, seed);
    count_change(1, seed ? 0 : 1);
    return {number, index};
}

template <std::size_t N>
void PeerTable<N>::remove(Place at) {
    count_change(-1, is_seed(at) ? 0 : -1);
    page(at.page).remove(at.index);
    settle(2);
}

template <std::size_t N>
typename PeerTable<N>::Place PeerTable<N>::set_seed(Place at, bool seed) {
    if (seed == is_seed(at)) return at;
    count_change(0, seed ? -1 : 1);
    return {at.page, page(at.page).set_seed(at.index, seed)};
}

template <std::size_t N>
typename PeerTable<N>::Key PeerTable<N>::key(Place at) const {
    return page(at.page).key(at.index);
}

template <std::size_t N>
PeerNotes PeerTable<N>::notes(Place at) const {
    std::uint32_t bits = 0;
    std::memcpy(&bits, page(at.page).at(notes_part, at.index), PeerNotes::size);
    return std::bit_cast<PeerNotes>(bits);
}

template <std::size_t N>
void PeerTable<N>::set_notes(Place at, const PeerNotes& notes) {
    std::memcpy(page(at.page).at(notes_part, at.index), &notes, PeerNotes::size);
}

template <std::size_t N>
PeerAmounts PeerTable<N>::amounts(Place at) const {
    PeerAmounts amounts;
    const Page& where = page(at.page);
    if (where.has_amounts) std::memcpy(&amounts, where.at(amounts_part, at.index), sizeof amounts);
    return amounts;
}

template <std::size_t N>
void PeerTable<N>::set_amounts(Place at, const PeerAmounts& amounts) {
    Page& where = page(at.page);
    if (!where.has_amounts) where.reserve(where.size, true, where.has_ids);
    std::memcpy(where.at(amounts_part, at.index), &amounts, sizeof amounts);
}

template <std::size_t N>
Digest<20> PeerTable<N>::id(Place at) const {
    const Page& where = page(at.page);
    if (!where.has_ids) return {};
    return Digest<20>::from({where.at(ids_part, at.index), InfoHash::size});
}

template <std::size_t N>
void PeerTable<N>::set_id(Place at, const Digest<20>& id) {
    Page& where = page(at.page);
    if (!where.has_ids) where.reserve(where.size, where.has_amounts, true);
    std::memcpy(where.at(ids_part, at.index), id.bytes.data(), id.bytes.size());
}

template <std::size_t N>
void PeerTable<N>::trim(std::size_t number, bool wants_ids) {
    Page& where = page(number);
    const bool amounts = where.has_amounts && weight_of(number) > 0;
    const bool ids = where.has_ids && wants_ids;
    if (amounts == where.has_amounts && ids == where.has_ids) return;
    where.reserve(where.size, amounts, ids);
}

// Drawing.

template <std::size_t N>
void PeerTable<N>::take(Place at, std::string& out, std::vector<Digest<20>>* ids) const {
    out.append(reinterpret_cast<const char*>(page(at.page).block.get()) + at.index * sizeof(Key),
               sizeof(Key));
    if (ids != nullptr) ids->push_back(id(at));
}

template <std::size_t N>
void PeerTable<N>::draw(std::size_t wanted, Range range, std::optional<Place> skip, Random& random,
                        std::string& out, std::vector<Digest<20>>* ids) const {
    // Where there are many pages, counting through them takes longer than looking at random.
    constexpr std::size_t many_pages = 32;
    const bool far = pages() >= many_pages && count(range) >= pages() * 4 && wanted <= max_numwant;
    if (far) return draw_by_hash(wanted, range, skip, random, out, ids);
    draw_by_rank(wanted, range, skip, random, out, ids);
}

/// How many peers of the range come before this one; what lies outside of it comes after all.
template <std::size_t N>
std::size_t PeerTable<N>::rank_of(Place at, Range range) const {
    if (at.index >= page(at.page).count(range)) return count(range);
    std::size_t rank = at.index;
    for (std::size_t i = 0; i < at.page; ++i) rank += page(i).count(range);
    return rank;
}

/// One peer is drawn out of each of `count` equal stretches of a circle that begins anywhere:
/// nobody twice, without remembering who was drawn.
template <std::size_t N>
void PeerTable<N>::draw_by_rank(std::size_t wanted, Range range, std::optional<Place> skip,
                                Random& random, std::string& out,
                                std::vector<Digest<20>>* ids) const {
    const std::size_t all = count(range);
    const std::size_t skipped = skip ? rank_of(*skip, range) : all;
    const std::size_t available = all - (skipped < all ? 1 : 0);
    const std::size_t count = std::min(wanted, available);
    if (count == 0) return;
    const std::size_t turn = below(random, available);
    std::size_t number = 0;
    std::size_t before = 0;  // of the range, in the pages before
    for (std::size_t i = 0, begin = 0; i < count; ++i) {
        const std::size_t end = (i + 1) * available / count;
        std::size_t rank = begin + below(random, end - begin) + turn;
        begin = end;
        if (rank >= available) rank -= available;
        if (rank >= skipped) ++rank;
        if (rank < before) number = before = 0;
        while (rank - before >= page(number).count(range)) before += page(number++).count(range);
        take({number, rank - before}, out, ids);
    }
}

/// Looks into random places of equal parts, of which a page that is split has one and one that is
/// not has two. A part has places for some more than its share of the peers, so that every peer is
/// hit as often as any other, and sometimes nobody is.
template <std::size_t N>
void PeerTable<N>::draw_by_hash(std::size_t wanted, Range range, std::optional<Place> skip,
                                Random& random, std::string& out,
                                std::vector<Digest<20>>* ids) const {
    const std::size_t all = pages();
    const std::size_t slots = std::bit_ceil(all);
    const double share = static_cast<double>(count(range)) / static_cast<double>(slots);
    // From a page that has enough, several are taken.
    const std::size_t at_once = share >= 16 ? 4 : 1;
    // A page with more than this, six deviations beyond the mean, is not to be expected.
    const auto room = static_cast<std::size_t>(share + 6 * std::sqrt(share) + 1);
    std::array<Place, max_numwant> drawn;
    std::bitset<2048> perhaps_drawn;
    std::size_t count = 0;
    const auto is_among_drawn = [&](const Place& place) {
        return std::find(drawn.begin(), drawn.begin() + count, place) != drawn.begin() + count;
    };
    // The bound is for the sake of certainty; a few tries a peer are enough.
    for (std::size_t tries = 64 + 64 * wanted; tries > 0 && count < wanted; --tries) {
        const std::uint64_t value = random();
        const std::size_t slot = value & (slots - 1);
        const std::size_t number = slot < all ? slot : slot - slots / 2;
        const std::size_t held = page(number).count(range);
        std::size_t index = ((value >> 32) * room >> 32) + (slot < all ? 0 : room);
        if (index >= held) continue;
        // Some more at an even distance from it, which is at random, too.
        const std::size_t step = 1 + (value >> 20) % 1024 * held / (1024 * at_once);
        for (std::size_t i = 0; i < at_once && count < wanted; ++i) {
            const Place place{number, index};
            index += step;
            if (index >= held) index -= held;
            const std::size_t mark = (number * 31 + place.index) % perhaps_drawn.size();
            if (place == skip || (perhaps_drawn[mark] && is_among_drawn(place))) continue;
            perhaps_drawn[mark] = true;
            drawn[count++] = place;
            take(place, out, ids);
        }
    }
}

template class PeerTable<4>;
template class PeerTable<16>;

}  // namespace shoal::tracker
