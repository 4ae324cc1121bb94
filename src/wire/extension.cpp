#include "wire/extension.h"

#include <limits>

#include "bencode/document.h"
#include "bencode/writer.h"

namespace shoal::wire {
namespace {

/// An extension handshake needs a few dozen values; other clients' are the same size.
constexpr bencode::Limits extension_limits{
    .bytes = 64 << 10, .tokens = 1000, .depth = 8, .keys_sorted = false};

template <class Number>
std::optional<Number> bounded(std::optional<std::int64_t> value) {
    if (!value || *value < 0 || *value > std::numeric_limits<Number>::max()) return std::nullopt;
    return static_cast<Number>(*value);
}

}  // namespace

std::string ExtensionHandshake::encode() const {
    bencode::Writer out;
    out.begin_dictionary();
    out.key("m").begin_dictionary();
    if (upload_only_id != 0) out.key("upload_only").integer(upload_only_id);
    if (metadata_id != 0) out.key("ut_metadata").integer(metadata_id);
    out.end();
    if (metadata_size) out.key("metadata_size").integer(*metadata_size);
    if (listen_port) out.key("p").integer(*listen_port);
    out.key("reqq").integer(request_queue);
    if (upload_only) out.key("upload_only").integer(1);
    out.key("v").string(client);
    out.end();
    return out.finish();
}

Result<ExtensionHandshake> ExtensionHandshake::parse(Bytes payload) {
    const auto document = bencode::Document::parse(payload, extension_limits);
    if (!document) return std::unexpected(document.error());
    const bencode::Value root = document->root();
    if (!root.is_dictionary())
        return fail(ErrorCode::bad_data, "an extension handshake of nothing");

    ExtensionHandshake handshake;
    if (const auto ids = root.find("m")) {
        handshake.metadata_id = bounded<std::uint8_t>(ids->find_integer("ut_metadata")).value_or(0);
        handshake.upload_only_id =
            bounded<std::uint8_t>(ids->find_integer("upload_only")).value_or(0);
    }
    handshake.metadata_size = bounded<std::uint32_t>(root.find_integer("metadata_size"));
    handshake.listen_port = bounded<std::uint16_t>(root.find_integer("p"));
    if (const auto queue = bounded<std::uint32_t>(root.find_integer("reqq")); queue && *queue > 0) {
        handshake.request_queue = *queue;
    }
    handshake.upload_only = root.find_integer("upload_only").value_or(0) != 0;
    handshake.client = root.find_string("v").value_or("");
    return handshake;
}

std::string MetadataMessage::encode() const {
    bencode::Writer out;
    out.begin_dictionary();
    out.key("msg_type").integer(static_cast<std::int64_t>(type));
    out.key("piece").integer(piece);
    if (type == Type::data) out.key("total_size").integer(total_size);
    out.end();
    std::string text = out.finish();
    if (type == Type::data) text += text_of(data);
    return text;
}

Result<MetadataMessage> MetadataMessage::parse(Bytes payload) {
    const auto leading = bencode::parse_leading(payload, extension_limits);
    if (!leading) return std::unexpected(leading.error());
    const bencode::Value root = leading->document.root();
    const auto type = root.find_integer("msg_type");
    const auto piece = bounded<std::uint32_t>(root.find_integer("piece"));
    if (!type || *type < 0 || *type > 2 || !piece) {
        return fail(ErrorCode::bad_data, "a malformed ut_metadata message");
    }
    MetadataMessage message;
    message.type = static_cast<Type>(*type);
    message.piece = *piece;
    message.total_size = bounded<std::uint32_t>(root.find_integer("total_size")).value_or(0);
    message.data = payload.subspan(leading->consumed);
    return message;
}

}  // namespace shoal::wire
