// Extension messages that are accepted say the same after being written and read again.
#include "wire/extension.h"

#include "require.h"

using namespace shoal;
using namespace shoal::wire;

namespace {

void check_handshake(Bytes payload) {
    const auto said = ExtensionHandshake::parse(payload);
    if (!said) return;
    REQUIRE(said->client.size() <= payload.size());
    REQUIRE(said->request_queue > 0);
    const std::string written = said->encode();
    const auto again = ExtensionHandshake::parse(bytes_of(written));
    REQUIRE(again);
    REQUIRE(again->metadata_id == said->metadata_id);
    REQUIRE(again->upload_only_id == said->upload_only_id);
    REQUIRE(again->metadata_size == said->metadata_size);
    REQUIRE(again->listen_port == said->listen_port);
    REQUIRE(again->request_queue == said->request_queue);
    REQUIRE(again->upload_only == said->upload_only);
    REQUIRE(again->client == said->client);
    REQUIRE(again->encode() == written);
}

void check_metadata(Bytes payload) {
    const auto said = MetadataMessage::parse(payload);
    if (!said) return;
    // The data is the end of the payload itself.
    REQUIRE(said->data.size() < payload.size());
    REQUIRE(said->data.data() + said->data.size() == payload.data() + payload.size());
    const std::string written = said->encode();
    const auto again = MetadataMessage::parse(bytes_of(written));
    REQUIRE(again && again->type == said->type && again->piece == said->piece);
    if (said->type != MetadataMessage::Type::data) return;
    REQUIRE(again->total_size == said->total_size);
    REQUIRE(text_of(again->data) == text_of(said->data));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // A handshake of nearly 64 KiB may grow beyond what is read.
    if (size > 32'000) return 0;
    const Bytes payload = std::as_bytes(std::span(data, size));
    check_handshake(payload);
    check_metadata(payload);
    return 0;
}
