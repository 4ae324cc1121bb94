// JSON in a request: read with bounds, and its fields taken out with one clear line for each way
// they can be wrong. The lines name the field and never show its value, which may be a secret.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/message.h"

namespace shoal::http {

struct JsonLimits {
    std::size_t bytes = 64 * 1024;
    std::size_t depth = 16;
};

/// The request's body, which must be a JSON object in UTF-8. Otherwise nothing, and the response
/// says why: 415 when the content type is not application/json, 413 when it is too large, 400 when
/// it is no JSON, nested too deeply, or no object.
std::optional<boost::json::object> read_json(const Request& request, Response& response,
                                             JsonLimits limits = {});

struct TextRule {
    std::size_t min_bytes = 1;
    std::size_t max_bytes = 1000;
    bool lines = false;  ///< may hold line breaks and tabs; other control characters never
};

/// Takes fields out of an object. The first one that is wrong is remembered in error(), and its
/// value is then empty or the fallback; so take all, and look at error() once. Fields that nobody
/// asks for are ignored, and null is the same as missing. Refers to the object, which must live on.
class JsonFields {
  public:
    explicit JsonFields(const boost::json::object& object) : object_(object) {}

    std::string text(std::string_view name, TextRule rule = {});
    std::optional<std::string> optional_text(std::string_view name, TextRule rule = {});
    /// A whole number; the bounds are included.
    std::int64_t number(std::string_view name, std::int64_t min, std::int64_t max);
    std::optional<std::int64_t> optional_number(std::string_view name, std::int64_t min,
                                                std::int64_t max);
    bool boolean(std::string_view name);
    std::optional<bool> optional_boolean(std::string_view name);
    /// A list of texts; a missing one is empty.
    std::vector<std::string> texts(std::string_view name, std::size_t max_items,
                                   TextRule rule = {});
    /// An object or a list, or null when it is missing or wrong.
    const boost::json::object* object(std::string_view name);
    const boost::json::array* array(std::string_view name, std::size_t max_items);

    /// usage: the first field that is wrong, if any.
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

  private:
    [[nodiscard]] const boost::json::value* find(std::string_view name) const;
    const boost::json::value* require(std::string_view name);
    void wrong(std::string_view name, std::string_view how);
    std::optional<std::string> read_text(std::string_view name, const boost::json::value& value,
                                         const TextRule& rule);

    const boost::json::object& object_;
    std::optional<Error> error_;
};

}  // namespace shoal::http
