// Writing bencode (BEP 3).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace shoal::bencode {

/// Appends values to a text. The caller opens and closes in pairs and gives dictionary keys in
/// ascending order of their bytes, as the format demands; both are asserted.
class Writer {
  public:
    Writer& integer(std::int64_t value);
    Writer& string(std::string_view value);
    Writer& string(Bytes value) { return string(text_of(value)); }
    /// A value that is encoded already.
    Writer& raw(Bytes encoded);
    Writer& begin_list();
    Writer& begin_dictionary();
    Writer& end();
    Writer& key(std::string_view name);

    /// What was written. Every list and dictionary must have been closed.
    [[nodiscard]] std::string finish();

  private:
    struct Open {
        bool dictionary;
        bool any_key;
        std::string last_key;
    };
    std::string out_;
    std::vector<Open> open_;
};

}  // namespace shoal::bencode
