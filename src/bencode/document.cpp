#include "bencode/document.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <unordered_set>

#include "base/text.h"

namespace shoal::bencode {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

/// Reads tokens one after the other and keeps the open lists and dictionaries on a stack of its
/// own, so that hostile nesting costs no call stack.
class Parser {
  public:
    Parser(Bytes input, const Limits& limits) : text_(text_of(input)), limits_(limits) {
        document_.input_ = input;
        // Most values take more bytes; what is not used of it costs addresses alone.
        constexpr std::size_t usual_bytes = 6;
        document_.tokens_.reserve(std::min(limits.tokens, input.size() / usual_bytes + 1));
    }

    Result<Leading> run() {
        bool good = text_.size() <= limits_.bytes || refuse("larger than the limit");
        do {
            good = good && next();
        } while (good && !open_.empty());
        if (!good) return std::unexpected(*std::move(error_));
        return Leading{std::move(document_), at_};
    }

  private:
    struct Open {
        std::uint32_t token;
        bool dictionary;
        bool key_next;  ///< a dictionary expects a key before a value
        std::string_view last_key{};
        /// The keys so far; only of a dictionary whose keys may come unsorted.
        std::unique_ptr<std::unordered_set<std::string_view>> seen{};
    };

    // Steps say whether they were good; a result with an error inside would cost more than they do.

    bool refuse(std::string_view why) {
        error_ = Error{ErrorCode::bad_data, fmt::format("bencode: {} at byte {}", why, at_)};
        return false;
    }

    bool next() {
        if (at_ >= text_.size()) return refuse("ends too early");
        const char c = text_[at_];
        if (c == 'e') return close();
        if (document_.tokens_.size() >= limits_.tokens) return refuse("too many values");
        const bool as_key = !open_.empty() && open_.back().key_next;
        if (is_digit(c)) return string(as_key);
        if (as_key) return refuse("a dictionary key that is no string");
        if (c == 'i') return integer();
        if (c == 'l' || c == 'd') return open(c == 'd');
        return refuse("no value begins like this");
    }

    bool open(bool dictionary) {
        if (open_.size() >= limits_.depth) return refuse("nested too deeply");
        open_.push_back(
            {static_cast<std::uint32_t>(document_.tokens_.size()), dictionary, dictionary});
        if (dictionary && !limits_.keys_sorted) {
            open_.back().seen = std::make_unique<std::unordered_set<std::string_view>>();
        }
        add(dictionary ? Kind::dictionary : Kind::list, 1, 1);
        ++at_;
        return true;
    }

    bool close() {
        if (open_.empty()) return refuse("an end without a beginning");
        if (open_.back().dictionary && !open_.back().key_next)
            return refuse("a key without a value");
        ++at_;
        Token& token = document_.tokens_[open_.back().token];
        token.length = static_cast<std::uint32_t>(at_ - token.begin);
        token.next = static_cast<std::uint32_t>(document_.tokens_.size());
        open_.pop_back();
        value_done();
        return true;
    }

    bool integer() {
        const std::size_t end = text_.find('e', at_);
        // 20 characters hold every 64-bit number; the search is cut there by the check below.
        if (end == std::string_view::npos || end - at_ > 21)
            return refuse("an integer without end");
        const std::string_view digits = text_.substr(at_ + 1, end - at_ - 1);
        const bool padded = digits.starts_with("-0") || (digits.size() > 1 && digits[0] == '0');
        if (padded || digits.starts_with('+') || !parse_number(digits)) {
            return refuse("a malformed integer");
        }
        add(Kind::integer, 1, static_cast<std::uint32_t>(end + 1 - at_));
        at_ = end + 1;
        value_done();
        return true;
    }

    bool string(bool as_key) {
        constexpr std::size_t most_digits = 10;
        std::size_t colon = at_;
        std::uint64_t size = 0;
        for (; colon < text_.size() && colon - at_ < most_digits && is_digit(text_[colon]);
             ++colon) {
            size = size * 10 + static_cast<std::uint64_t>(text_[colon] - '0');
        }
        if (colon >= text_.size() || text_[colon] != ':') return refuse("a string without length");
        if (text_[at_] == '0' && colon - at_ > 1) return refuse("a malformed string length");
        if (size > text_.size() - colon - 1) return refuse("a string that ends beyond the input");
        const auto header = static_cast<std::uint32_t>(colon + 1 - at_);
        if (as_key && !check_key(text_.substr(colon + 1, size))) return false;
        add(Kind::string, header, static_cast<std::uint32_t>(header + size));
        at_ = colon + 1 + size;
        if (as_key) {
            open_.back().key_next = false;
        } else {
            value_done();
        }
        return true;
    }

    bool check_key(std::string_view key) {
        Open& dictionary = open_.back();
        const bool first = document_.tokens_[dictionary.token].count == 0;
        if (dictionary.seen) {
            if (!dictionary.seen->insert(key).second) return refuse(doubled_key);
        } else if (!first) {
            const auto order = key <=> dictionary.last_key;
            if (order == 0) return refuse(doubled_key);
            if (order < 0) return refuse("dictionary keys out of order");
        }
        dictionary.last_key = key;
        return true;
    }

    void add(Kind kind, std::uint32_t header, std::uint32_t length) {
        document_.tokens_.push_back({static_cast<std::uint32_t>(at_), length, header,
                                     static_cast<std::uint32_t>(document_.tokens_.size() + 1), 0,
                                     kind});
    }

    /// A whole value stands behind the cursor: counts it in the list or dictionary around it.
    void value_done() {
        if (open_.empty()) return;
        ++document_.tokens_[open_.back().token].count;
        if (open_.back().dictionary) open_.back().key_next = true;
    }

    static constexpr std::string_view doubled_key = "a dictionary key that is there twice";

    std::string_view text_;
    const Limits& limits_;
    std::optional<Error> error_;
    Document document_;
    std::vector<Open> open_;
    std::size_t at_ = 0;
};

Result<Leading> parse_leading(Bytes input, const Limits& limits) {
    return Parser(input, limits).run();
}

Result<Document> Document::parse(Bytes input, const Limits& limits) {
    auto leading = parse_leading(input, limits);
    if (!leading) return std::unexpected(leading.error());
    if (leading->consumed != input.size()) {
        return fail(ErrorCode::bad_data, "bencode: {} bytes after the end",
                    input.size() - leading->consumed);
    }
    return std::move(leading->document);
}

Value Document::root() const {
    return Value(*this, 0);
}

std::optional<std::int64_t> Value::integer() const {
    if (kind() != Kind::integer) return std::nullopt;
    const std::string_view text = text_of(encoded());
    return parse_number(text.substr(1, text.size() - 2));
}

std::optional<Bytes> Value::bytes() const {
    if (kind() != Kind::string) return std::nullopt;
    return encoded().subspan(token().header);
}

std::optional<std::string_view> Value::string() const {
    if (kind() != Kind::string) return std::nullopt;
    return text_of(encoded().subspan(token().header));
}

std::size_t Value::size() const {
    return token().count;
}

std::optional<Value> Value::find(std::string_view key) const {
    if (!is_dictionary()) return std::nullopt;
    std::uint32_t at = index_ + 1;
    for (std::uint32_t i = 0; i < token().count; ++i) {
        const Value name(*document_, at);
        const Value value(*document_, name.token().next);
        if (*name.string() == key) return value;
        at = value.token().next;
    }
    return std::nullopt;
}

std::optional<std::int64_t> Value::find_integer(std::string_view key) const {
    const auto value = find(key);
    return value ? value->integer() : std::nullopt;
}

std::optional<std::string_view> Value::find_string(std::string_view key) const {
    const auto value = find(key);
    return value ? value->string() : std::nullopt;
}

Bytes Value::encoded() const {
    return document_->input_.subspan(token().begin, token().length);
}

}  // namespace shoal::bencode
