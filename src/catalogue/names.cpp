#include "catalogue/names.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utf8proc.h>

#include "base/text.h"
#include "metainfo/path.h"

namespace shoal::catalogue {
namespace {

/// Calls visit(code point) for each; false when the text is broken or a visit says no.
template <class Visit>
bool all_characters(std::string_view text, Visit visit) {
    if (!is_valid_utf8(text)) return false;
    for (std::size_t at = 0; at < text.size();) {
        utf8proc_int32_t code = 0;
        const auto length =
            utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                             static_cast<utf8proc_ssize_t>(text.size() - at), &code);
        if (length <= 0 || !visit(code)) return false;
        at += static_cast<std::size_t>(length);
    }
    return true;
}

bool is_line_control(utf8proc_int32_t code) {
    switch (utf8proc_category(code)) {
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
            return true;
        default:
            return false;
    }
}

bool is_direction_mark(utf8proc_int32_t code) {
    return code == 0x061c || code == 0x200e || code == 0x200f ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/// Characters that nobody sees, or that mean nothing to everyone.
bool is_invisible(utf8proc_int32_t code) {
    switch (utf8proc_category(code)) {
        case UTF8PROC_CATEGORY_CF:
        case UTF8PROC_CATEGORY_CS:
        case UTF8PROC_CATEGORY_CO:
        case UTF8PROC_CATEGORY_CN:
            return true;
        default:
            return is_line_control(code) || utf8proc_get_property(code)->ignorable != 0;
    }
}

bool is_space(utf8proc_int32_t code) {
    return code == ' ' || (code >= 0x09 && code <= 0x0d) ||
           utf8proc_category(code) == UTF8PROC_CATEGORY_ZS;
}

}  // namespace

std::string map_utf8(std::string_view text, int options) {
    utf8proc_uint8_t* mapped = nullptr;
    const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                     static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                                     static_cast<utf8proc_option_t>(options));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
    if (length < 0) return std::string(text);
    return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length)};
}

std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string_view cut_text(std::string_view text, std::size_t bytes) {
    if (text.size() <= bytes) return text;
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
    return text.substr(0, bytes);
}

Result<std::string> check_user_name(std::string_view name) {
    // Four bytes are the longest character: what is longer is not even looked at.
    if (name.empty() || name.size() > max_user_name * 4 || count_characters(name) > max_user_name) {
        return fail(ErrorCode::usage, "a user name has 1 to {} characters", max_user_name);
    }
    const bool good = all_characters(name, [](utf8proc_int32_t code) {
        return !is_invisible(code) && code != '/' && code != '\\';
    });
    if (!good) {
        return fail(ErrorCode::usage,
                    "a user name has no slashes and no control or invisible characters");
    }
    std::string folded = metainfo::fold_name(name);
    // After folding, because many kinds of space become the plain one.
    if (folded.empty() || folded.front() == ' ' || folded.back() == ' ') {
        return fail(ErrorCode::usage, "a user name has no space at its beginning or end");
    }
    return folded;
}

Result<void> check_shared_name(std::string_view name) {
    if (name.empty() || name.size() > max_shared_name) {
        return fail(ErrorCode::usage, "a shared name has 1 to {} bytes", max_shared_name);
    }
    const bool good = all_characters(name, [](utf8proc_int32_t code) {
        return !is_line_control(code) && !is_direction_mark(code) && code != '/' && code != '\\';
    });
    if (!good || name == "." || name == "..") {
        return fail(ErrorCode::usage,
                    "'{}' cannot be shared under this name: it may not be '.' or '..', nor have a "
                    "slash or control characters in it",
                    printable(name));
    }
    return {};
}

Result<void> check_shared_path(std::string_view path) {
    const bool good = !path.empty() && path.size() <= max_shared_path &&
                      all_characters(path, [](utf8proc_int32_t code) {
                          return !is_line_control(code) && !is_direction_mark(code);
                      });
    if (!good) {
        return fail(ErrorCode::usage,
                    "a path has 1 to {} bytes of UTF-8, without control characters",
                    max_shared_path);
    }
    return {};
}

std::string fold_for_search(std::string_view text) {
    // In two steps, because a mark may come out of the folding of case (the dot of a Turkish İ).
    const std::string folded =
        map_utf8(map_utf8(text, UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
                                    UTF8PROC_CASEFOLD | UTF8PROC_IGNORE),
                 UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK);
    std::string result;
    result.reserve(folded.size());
    bool space = false;
    all_characters(folded, [&](utf8proc_int32_t code) {
        if (is_space(code)) {
            space = !result.empty();
            return true;
        }
        if (space) result += ' ';
        space = false;
        if (code == 0x111) code = 'd';  // đ is a letter of its own to Unicode
        utf8proc_uint8_t bytes[4];
        const auto length = utf8proc_encode_char(code, bytes);
        result.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
        return true;
    });
    return result;
}

Result<std::vector<std::string>> search_words(std::string_view query) {
    if (query.size() > max_query_bytes || !is_valid_utf8(query) || query.contains('\0')) {
        return fail(ErrorCode::usage, "a search has at most {} bytes of text", max_query_bytes);
    }
    std::vector<std::string> words;
    const std::string folded = fold_for_search(query);
    for (std::size_t begin = 0; begin < folded.size();) {
        const std::size_t end = std::min(folded.find(' ', begin), folded.size());
        words.push_back(folded.substr(begin, end - begin));
        begin = end + 1;
    }
    if (words.size() > max_query_words) {
        return fail(ErrorCode::usage, "a search has at most {} words", max_query_words);
    }
    return words;
}

}  // namespace shoal::catalogue
