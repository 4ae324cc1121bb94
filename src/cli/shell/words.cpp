#include "cli/shell/words.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"

namespace shoal::cli {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/// Takes a line apart, a character at a time.
class Splitter {
  public:
    explicit Splitter(std::string_view line) : line_(line) {
        while (at_ < line_.size()) step();
    }

    Words words;            ///< those that a blank has ended
    std::string word;       ///< the last one
    bool in_word = false;   ///< there is a last one, which may be empty
    std::size_t begin = 0;  ///< where it begins in the line
    char quote = 0;         ///< the one that is open
    bool escaping = false;  ///< a backslash has nothing behind it

  private:
    void step() {
        const char c = line_[at_];
        if (!in_word && !is_blank(c)) {
            in_word = true;
            begin = at_;
        }
        ++at_;
        if (c == '\\' && quote != '\'') return escape();
        if (quote == 0 && is_blank(c)) return end_word();
        if (quote == 0 && (c == '\'' || c == '"')) {
            quote = c;
        } else if (c == quote) {
            quote = 0;
        } else {
            word += c;
        }
    }

    void escape() {
        if (at_ == line_.size()) {
            escaping = true;
            return;
        }
        const char next = line_[at_++];
        if (quote == '"' && next != '"' && next != '\\') word += '\\';
        word += next;
    }

    void end_word() {
        if (in_word) words.push_back(std::move(word));
        word.clear();
        in_word = false;
        begin = at_;
    }

    std::string_view line_;
    std::size_t at_ = 0;
};

bool needs_quotes(std::string_view word) {
    return word.empty() || word.find_first_of(" \t'\"\\") != std::string_view::npos;
}

/// How many letters have to be put in, left out, exchanged or swapped with their neighbour.
std::size_t distance(std::string_view one, std::string_view other) {
    std::vector<std::size_t> before;
    std::vector<std::size_t> last(other.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= one.size(); ++i) {
        std::vector<std::size_t> row(other.size() + 1);
        row[0] = i;
        for (std::size_t j = 1; j <= other.size(); ++j) {
            const std::size_t exchanged = last[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, exchanged});
            const bool swapped =
                i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before = std::exchange(last, std::move(row));
    }
    return last.back();
}

}  // namespace

Result<Words> split_words(std::string_view line) {
    Splitter split(line);
    if (split.quote != 0) {
        return fail(ErrorCode::usage, "a quote ({}) is not closed", split.quote);
    }
    if (split.escaping) return fail(ErrorCode::usage, "a backslash stands at the end of the line");
    if (split.in_word) split.words.push_back(std::move(split.word));
    return std::move(split.words);
}

UnfinishedLine unfinished(std::string_view line) {
    Splitter split(line);
    return {.before = std::move(split.words), .word = std::move(split.word), .at = split.begin};
}

std::string in_quotes(std::string_view word, bool whole) {
    if (!needs_quotes(word)) return std::string(word);
    std::string text = "\"";
    for (const char c : word) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
    if (whole) text += '"';
    return text;
}

std::string common_start(const std::vector<std::string>& texts) {
    if (texts.empty()) return {};
    std::string_view common = texts.front();
    for (const std::string& text : texts) {
        const auto ends = std::ranges::mismatch(common, text);
        common = common.substr(0, static_cast<std::size_t>(ends.in1 - common.begin()));
    }
    while (!is_valid_utf8(common)) common.remove_suffix(1);
    return std::string(common);
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
    constexpr std::size_t longest = 64;
    if (word.empty() || word.size() > longest) return {};
    std::string best;
    std::size_t least = word.size() / 3 + 2;
    for (const std::string& candidate : candidates) {
        const std::size_t far = distance(word, candidate);
        if (far >= least || far >= candidate.size()) continue;
        least = far;
        best = candidate;
    }
    if (!best.empty()) return best;
    const auto begins = std::ranges::find_if(
        candidates, [&](const std::string& candidate) { return candidate.starts_with(word); });
    return begins == candidates.end() ? std::string() : *begins;
}

}  // namespace shoal::cli
