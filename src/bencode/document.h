// Reading bencode (BEP 3) without copying: a parsed document is a flat list of tokens that point
// into the input.
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace shoal::bencode {

enum class Kind : std::uint8_t { integer, string, list, dictionary };

/// What a document may cost at most. Input beyond it is bad_data.
struct Limits {
    std::size_t bytes = 64 << 20;
    std::size_t tokens = 4'000'000;
    std::size_t depth = 64;
    /// BEP 3 wants dictionary keys sorted; some peers and trackers do not keep to it in messages
    /// whose bytes nobody hashes. Doubled keys are refused in either case.
    bool keys_sorted = true;
};

struct Token {
    std::uint32_t begin;   ///< offset of the value's first byte
    std::uint32_t length;  ///< bytes of the encoded value, its markers included
    std::uint32_t header;  ///< string: bytes before its content; otherwise 1
    std::uint32_t next;    ///< index of the token after the value and all that is in it
    std::uint32_t count;   ///< list: elements; dictionary: pairs
    Kind kind;
};

class Value;

/// A parsed document. Movable, not copyable, because values point into it. The input must outlive
/// it. May be read from many threads at once.
class Document {
  public:
    /// bad_data: broken or non-canonical bencode, bytes after the value, or a limit exceeded.
    static Result<Document> parse(Bytes input, const Limits& limits = {});

    Document(Document&&) = default;
    Document& operator=(Document&&) = default;
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;

    [[nodiscard]] Value root() const;

  private:
    friend class Value;
    friend class Parser;
    Document() = default;

    Bytes input_;
    std::vector<Token> tokens_;
};

/// Parses one value at the start of the input and says how many bytes it took; more may follow
/// (a ut_metadata message carries its data behind its dictionary, BEP 9).
struct Leading;
Result<Leading> parse_leading(Bytes input, const Limits& limits = {});

/// A view of one value. Valid as long as its document and the document's input.
/// Asking a value of another kind is allowed and answers "nothing".
class Value {
  public:
    [[nodiscard]] Kind kind() const { return token().kind; }
    [[nodiscard]] bool is_list() const { return kind() == Kind::list; }
    [[nodiscard]] bool is_dictionary() const { return kind() == Kind::dictionary; }

    [[nodiscard]] std::optional<std::int64_t> integer() const;
    /// The content of a string, as text or as bytes.
    [[nodiscard]] std::optional<std::string_view> string() const;
    [[nodiscard]] std::optional<Bytes> bytes() const;

    /// Elements of a list or pairs of a dictionary; 0 for other kinds.
    [[nodiscard]] std::size_t size() const;
    /// Calls visit(Value) for each element of a list.
    template <class Visit>
    void for_each(Visit visit) const {
        if (!is_list()) return;
        std::uint32_t at = index_ + 1;
        for (std::uint32_t i = 0; i < token().count; ++i, at = tokens()[at].next) {
            visit(Value(*document_, at));
        }
    }
    /// Calls visit(std::string_view key, Value) for each pair of a dictionary.
    template <class Visit>
    void for_each_pair(Visit visit) const {
        if (!is_dictionary()) return;
        std::uint32_t at = index_ + 1;
        for (std::uint32_t i = 0; i < token().count; ++i) {
            const Value key(*document_, at);
            const Value value(*document_, tokens()[at].next);
            visit(*key.string(), value);
            at = tokens()[value.index_].next;
        }
    }

    /// The value behind a key of a dictionary; nothing when there is none.
    [[nodiscard]] std::optional<Value> find(std::string_view key) const;
    [[nodiscard]] std::optional<std::int64_t> find_integer(std::string_view key) const;
    [[nodiscard]] std::optional<std::string_view> find_string(std::string_view key) const;

    /// The value exactly as it was encoded: what an info hash is taken over.
    [[nodiscard]] Bytes encoded() const;

  private:
    friend class Document;
    Value(const Document& document, std::uint32_t index) : document_(&document), index_(index) {}
    [[nodiscard]] const std::vector<Token>& tokens() const { return document_->tokens_; }
    [[nodiscard]] const Token& token() const { return document_->tokens_[index_]; }

    const Document* document_;
    std::uint32_t index_;
};

struct Leading {
    Document document;
    std::size_t consumed;  ///< bytes of the input that the value took
};

}  // namespace shoal::bencode
