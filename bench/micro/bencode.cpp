// Parsing the bencode of a large torrent: 10,000 files, and 100,000 piece hashes.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bencode/document.h"
#include "bencode/writer.h"

namespace {

using namespace shoal;

std::string torrent() {
    bencode::Writer writer;
    writer.begin_dictionary().key("files").begin_list();
    for (int i = 0; i < 10'000; ++i) {
        writer.begin_dictionary().key("length").integer(i * 1000).key("path").begin_list();
        writer.string("folder").string(fmt::format("file {}", i)).end().end();
    }
    writer.end().key("name").string("folder").key("piece length").integer(1 << 20);
    writer.key("pieces").string(std::string(100'000 * 20, 'x'));
    return writer.end().finish();
}

void parse(benchmark::State& state) {
    const std::string text = torrent();
    for (auto _ : state) {
        const auto document = bencode::Document::parse(bytes_of(text));
        if (!document) state.SkipWithError("the torrent is refused");
        benchmark::DoNotOptimize(document);
    }
    state.SetItemsProcessed(state.iterations() * 10'000);
    state.SetLabel("files");
}
BENCHMARK(parse)->Name("bencode/parse")->Unit(benchmark::kMicrosecond);

}  // namespace
