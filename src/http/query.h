// The query part of a request target, decoded to raw bytes.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace shoal::http {

/// Names and values in their order. An info hash in a query is no text, so values are bytes.
/// Made to be kept and parsed into again, which then allocates nothing.
class Query {
  public:
    static constexpr std::size_t max_parameters = 256;

    struct Parameter {
        std::string_view name;
        std::string_view value;
    };

    /// Replaces what was there. Percent-coding is undone, '+' is a blank (as HTML forms send it),
    /// a name without '=' has an empty value.
    /// bad_data: a '%' without two hexadecimal digits, or too many parameters; nothing is kept.
    Result<void> parse(std::string_view raw);

    /// Views into this object, until the next parse().
    [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
    /// The first value of a name.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;

  private:
    std::string decoded_;
    std::vector<Parameter> parameters_;
};

}  // namespace shoal::http
