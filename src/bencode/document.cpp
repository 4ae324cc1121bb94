#include "bencode/document.h"

#include <algorithm>
#include <unordered_set>

#include "base/text.h"

namespace shoal::bencode {

/// Reads tokens one after the other and keeps the open lists and dictionaries on a stack of its
/// own, so that hostile nesting costs no call stack.
class Parser {
  public:
    Parser(Bytes input, const Limits& limits) : text_(text_of(input)), limits_(limits) {
        document_.input_ = input;
    }

    Result<Leading> run() {
        if (text_.size() > limits_.bytes) return broken("larger than the limit");
        do {
            if (auto step = next(); !step) return std::unexpected(step.error());
        } while (!open_.empty());
        return Leading{std::move(document_), at_};
    }

  private:
    struct Open {
        std::uint32_t token;
        bool dictionary;
        bool key_next;  ///< a dictionary expects a key before a value
        std::string_view last_key;
        std::unordered_set<std::string_view> seen;  ///< only when keys may come unsorted
    };

    std::unexpected<Error> broken(std::string_view why) const {
        return fail(ErrorCode::bad_data, "bencode: {} at byte {}", why, at_);
    }

    Result<void> next() {
        if (at_ >= text_.size()) return broken("ends too early");
        const char c = text_[at_];
        if (c == 'e') return close();
        if (document_.tokens_.size() >= limits_.tokens) return broken("too many values");
        const bool as_key = !open_.empty() && open_.back().dictionary && open_.back().key_next;
        if (c >= '0' && c <= '9') return string(as_key);
        if (as_key) return broken("a dictionary key that is no string");
        if (c == 'i') return integer();
        if (c == 'l' || c == 'd') return open(c == 'd');
        return broken("no value begins like this");
    }

    Result<void> open(bool dictionary) {
        if (open_.size() >= limits_.depth) return broken("nested too deeply");
        add(Kind::list, 1, 1);
        document_.tokens_.back().kind = dictionary ? Kind::dictionary : Kind::list;
        open_.push_back({static_cast<std::uint32_t>(document_.tokens_.size() - 1),
                         dictionary,
                         dictionary,
                         {},
                         {}});
        ++at_;
        return {};
    }

    Result<void> close() {
        if (open_.empty()) return broken("an end without a beginning");
        if (open_.back().dictionary && !open_.back().key_next)
            return broken("a key without a value");
        ++at_;
        Token& token = document_.tokens_[open_.back().token];
        token.length = static_cast<std::uint32_t>(at_ - token.begin);
        token.next = static_cast<std::uint32_t>(document_.tokens_.size());
        open_.pop_back();
        value_done();
        return {};
    }

    Result<void> integer() {
        const std::size_t end = text_.find('e', at_);
        // 20 characters hold every 64-bit number; the search is cut there by the check below.
        if (end == std::string_view::npos || end - at_ > 21)
            return broken("an integer without end");
        const std::string_view digits = text_.substr(at_ + 1, end - at_ - 1);
        const bool padded = digits.starts_with("-0") || (digits.size() > 1 && digits[0] == '0');
        if (padded || digits.starts_with('+') || !parse_number(digits)) {
            return broken("a malformed integer");
        }
        add(Kind::integer, 1, static_cast<std::uint32_t>(end + 1 - at_));
        at_ = end + 1;
        value_done();
        return {};
    }

    Result<void> string(bool as_key) {
        std::size_t colon = at_;
        while (colon < text_.size() && colon - at_ < 11 && text_[colon] != ':') ++colon;
        if (colon >= text_.size() || text_[colon] != ':') return broken("a string without length");
        const std::string_view digits = text_.substr(at_, colon - at_);
        const auto length = parse_number(digits);
        if (!length || *length < 0 || (digits.size() > 1 && digits[0] == '0')) {
            return broken("a malformed string length");
        }
        if (static_cast<std::uint64_t>(*length) > text_.size() - colon - 1) {
            return broken("a string that ends beyond the input");
        }
        const auto header = static_cast<std::uint32_t>(colon + 1 - at_);
        const auto size = static_cast<std::size_t>(*length);
        const std::string_view content = text_.substr(colon + 1, size);
        if (as_key) {
            if (auto ok = check_key(content); !ok) return ok;
        }
        add(Kind::string, header, static_cast<std::uint32_t>(header + size));
        at_ = colon + 1 + size;
        if (as_key) {
            open_.back().key_next = false;
        } else {
            value_done();
        }
        return {};
    }

    Result<void> check_key(std::string_view key) {
        Open& dictionary = open_.back();
        const bool first = document_.tokens_[dictionary.token].count == 0;
        if (limits_.keys_sorted) {
            if (!first && key == dictionary.last_key)
                return broken("a dictionary key that is there twice");
            if (!first && key < dictionary.last_key) return broken("dictionary keys out of order");
        } else if (!dictionary.seen.insert(key).second) {
            return broken("a dictionary key that is there twice");
        }
        dictionary.last_key = key;
        return {};
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

    std::string_view text_;
    const Limits& limits_;
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
    std::optional<Value> found;
    for_each_pair([&](std::string_view name, Value value) {
        if (!found && name == key) found = value;
    });
    return found;
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
