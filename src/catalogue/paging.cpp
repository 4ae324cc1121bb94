#include "catalogue/paging.h"

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"

namespace shoal::catalogue {

std::int64_t PageRequest::bounded_limit() const {
    return static_cast<std::int64_t>(std::clamp<std::size_t>(limit, 1, max_page));
}

std::string Cursor::encode() const {
    if (key.empty()) return std::to_string(id);
    return fmt::format("{}.{}", id, to_base64url(bytes_of(key)));
}

Result<Cursor> Cursor::decode(std::string_view text) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    const auto id = text.size() > 4096 ? std::nullopt : parse_number(text.substr(0, dot));
    const auto key =
        dot == text.size() ? std::optional(ByteVector()) : from_base64url(text.substr(dot + 1));
    if (!id || !key || !is_valid_utf8(text_of(*key)) || text_of(*key).contains('\0')) {
        return fail(ErrorCode::usage, "the page's place is not one that a list gave");
    }
    return Cursor{std::string(text_of(*key)), *id};
}

}  // namespace shoal::catalogue
