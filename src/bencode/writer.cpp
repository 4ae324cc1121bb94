#include "bencode/writer.h"

#include <cassert>
#include <fmt/format.h>
#include <iterator>

namespace shoal::bencode {

Writer& Writer::integer(std::int64_t value) {
    fmt::format_to(std::back_inserter(out_), "i{}e", value);
    return *this;
}

Writer& Writer::string(std::string_view value) {
    fmt::format_to(std::back_inserter(out_), "{}:", value.size());
    out_ += value;
    return *this;
}

Writer& Writer::raw(Bytes encoded) {
    out_ += text_of(encoded);
    return *this;
}

Writer& Writer::begin_list() {
    out_ += 'l';
    open_.push_back({false, false, {}});
    return *this;
}

Writer& Writer::begin_dictionary() {
    out_ += 'd';
    open_.push_back({true, false, {}});
    return *this;
}

Writer& Writer::end() {
    assert(!open_.empty());
    out_ += 'e';
    open_.pop_back();
    return *this;
}

Writer& Writer::key(std::string_view name) {
    assert(!open_.empty() && open_.back().dictionary);
    assert(!open_.back().any_key || open_.back().last_key < name);
    open_.back().any_key = true;
    open_.back().last_key = name;
    return string(name);
}

std::string Writer::finish() {
    assert(open_.empty());
    return std::move(out_);
}

}  // namespace shoal::bencode
