// Lists are answered page by page, all in the same way.
#pragma once
#include <boost/json/array.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"

namespace shoal::http {

/// What a request's query asks of a list: `limit`, and where the page begins: either `cursor`, for
/// lists that go by a key, or `offset`, for those that go by number.
struct Page {
    static constexpr std::size_t max_limit = 200;
    static constexpr std::size_t max_offset = 1'000'000;

    std::size_t limit = 50;  ///< items, 1 to max_limit
    std::size_t offset = 0;  ///< items to leave out before
    std::string after;       ///< the key, handed out before, behind which the page begins; may be
                             ///< anything, up to 1000 bytes: a client may have made it up
};

/// usage: a value out of its bounds, a cursor that is none, or both a cursor and an offset.
Result<Page> read_page(const Request& request);

/// Answers {"items": […], "next": "…"}. `next` is the key of the last item when there are more,
/// told as the cursor of the next page; without one it is null.
void send_page(Response& response, boost::json::array items,
               std::optional<std::string_view> next = std::nullopt);

}  // namespace shoal::http
