#include "bencode/writer.h"

#include <gtest/gtest.h>

#include "bencode/document.h"

namespace shoal::bencode {
namespace {

TEST(Writer, WritesWhatTheReaderReads) {
    Writer writer;
    writer.begin_dictionary().key("a").integer(-5).key("b").begin_list().string("x").raw(
        bytes_of("i1e"));
    const std::string text = writer.end().end().finish();
    EXPECT_EQ(text, "d1:ai-5e1:bl1:xi1eee");
    EXPECT_TRUE(Document::parse(bytes_of(text)));
}

}  // namespace
}  // namespace shoal::bencode
