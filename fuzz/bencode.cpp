// Bencode that is accepted can be walked through, and written again gives the same bytes.
#include "bencode/document.h"
#include "bencode/writer.h"
#include "require.h"

using namespace shoal;
using namespace shoal::bencode;

namespace {

std::size_t copy(const Value& value, Writer& writer, std::size_t depth = 0) {
    REQUIRE(depth <= Limits{}.depth);
    std::size_t values = 1;
    switch (value.kind()) {
        case Kind::integer:
            writer.integer(value.integer().value());
            break;
        case Kind::string:
            writer.string(value.bytes().value());
            break;
        case Kind::list:
            writer.begin_list();
            value.for_each([&](Value element) { values += copy(element, writer, depth + 1); });
            writer.end();
            break;
        case Kind::dictionary:
            writer.begin_dictionary();
            value.for_each_pair([&](std::string_view key, Value element) {
                const auto found = value.find(key);
                REQUIRE(found && found->encoded().data() == element.encoded().data());
                writer.key(key);
                values += copy(element, writer, depth + 1);
            });
            writer.end();
            break;
    }
    return values;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // find() looks through a dictionary from its start, which copy() does for every key.
    if (size > 4096) return 0;
    const Bytes input = std::as_bytes(std::span(data, size));
    const auto strict = Document::parse(input);
    const auto loose = Document::parse(input, {.keys_sorted = false});
    const auto leading = parse_leading(input);
    if (strict) {
        REQUIRE(loose);
        REQUIRE(leading && leading->consumed == size);
        Writer writer;
        copy(strict->root(), writer);
        REQUIRE(writer.finish() == text_of(input));
    }
    if (loose) REQUIRE(loose->root().encoded().size() == size);
    if (leading) {
        REQUIRE(leading->consumed <= size);
        REQUIRE(Document::parse(input.first(leading->consumed)));
    }
    return 0;
}
