// The extension protocol (BEP 10) and the exchange of metadata over it (BEP 9), with upload-only
// (BEP 21).
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace shoal::wire {

/// The message ids that this program gives to the extensions it takes part in.
namespace local_extension {
inline constexpr std::uint8_t handshake = 0;
inline constexpr std::uint8_t metadata = 1;
inline constexpr std::uint8_t upload_only = 2;
}  // namespace local_extension

/// The extension handshake, the payload of an Extended message with id 0.
struct ExtensionHandshake {
    std::uint8_t metadata_id = 0;                ///< sender's id for ut_metadata; 0: not offered
    std::uint8_t upload_only_id = 0;             ///< sender's id for upload_only; 0: not offered
    std::optional<std::uint32_t> metadata_size;  ///< bytes of the info dictionary, where known
    std::optional<std::uint16_t> listen_port;    ///< p
    std::uint32_t request_queue = 250;  ///< reqq: requests that the sender keeps without dropping
    bool upload_only = false;           ///< the sender wants no data any more
    std::string client;                 ///< v; not yet safe to print

    [[nodiscard]] std::string encode() const;
    /// bad_data: no bencoded dictionary. Fields with absurd values are left at their defaults.
    static Result<ExtensionHandshake> parse(Bytes payload);
};

/// A ut_metadata message (BEP 9).
struct MetadataMessage {
    enum class Type : std::uint8_t { request = 0, data = 1, reject = 2 };

    Type type = Type::request;
    std::uint32_t piece = 0;       ///< index of the 16 KiB piece of the info dictionary
    std::uint32_t total_size = 0;  ///< with data: bytes of the whole dictionary
    Bytes data;                    ///< with data: a view into the payload

    [[nodiscard]] std::string encode() const;
    static Result<MetadataMessage> parse(Bytes payload);
};

}  // namespace shoal::wire
