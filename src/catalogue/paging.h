// Lists in pages: where the next one begins stays true while rows come and go.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace shoal::catalogue {

inline constexpr std::size_t max_page = 500;  ///< items; more are asked for in vain

struct PageRequest {
    std::size_t limit = 50;  ///< items; at least 1 and at most max_page are given
    std::string after;       ///< `next` of the page before; empty: from the beginning

    [[nodiscard]] std::int64_t bounded_limit() const;
};

template <class T>
struct Page {
    std::vector<T> items;
    std::string next;  ///< for the page that follows; empty: there is none
};

/// Where a page ended: the key that the list is sorted by, then the row's id.
struct Cursor {
    std::string key;
    std::int64_t id = 0;

    [[nodiscard]] std::string encode() const;
    /// usage: a text that encode() did not make.
    static Result<Cursor> decode(std::string_view text);
};

/// Drops the one item too many that says whether there is a next page.
template <class T, class Key>
Page<T> page_of(std::vector<T> items, const PageRequest& request, Key cursor_of) {
    Page<T> page{std::move(items), {}};
    const auto limit = static_cast<std::size_t>(request.bounded_limit());
    if (page.items.size() > limit) {
        page.items.resize(limit);
        page.next = cursor_of(page.items.back()).encode();
    }
    return page;
}

}  // namespace shoal::catalogue
