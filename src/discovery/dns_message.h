// Reading and writing DNS messages (RFC 1035) as far as multicast DNS needs them (RFC 6762). No
// I/O.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "net/endpoint.h"

namespace shoal::discovery {

/// Labels from the left, without the root: {"_shoal", "_tcp", "local"}. A label is 1 to 63 bytes of
/// any kind, all together with their lengths 255.
using DnsName = std::vector<std::string>;

/// Upper and lower case of ASCII letters are the same in DNS.
bool same_name(const DnsName& a, const DnsName& b);

enum class DnsType : std::uint16_t { a = 1, ptr = 12, txt = 16, aaaa = 28, srv = 33, any = 255 };

struct DnsQuestion {
    DnsName name;
    DnsType type = DnsType::any;  ///< may be one without a name above
    bool operator==(const DnsQuestion&) const = default;
};

/// Another name (PTR).
struct DnsPointer {
    DnsName target;
    bool operator==(const DnsPointer&) const = default;
};
/// Where a service is (SRV, RFC 2782); priority and weight are not kept.
struct DnsService {
    std::uint16_t port = 0;
    DnsName target;
    bool operator==(const DnsService&) const = default;
};
/// Strings that are not empty, of up to 255 bytes each (TXT).
struct DnsText {
    std::vector<std::string> strings;
    bool operator==(const DnsText&) const = default;
};

struct DnsRecord {
    DnsName name;
    std::uint32_t ttl = 0;  ///< seconds; 0 takes the record back
    bool unique = false;  ///< its owner alone has such a record: forget older ones ("cache flush")
    /// An address is of the type A or AAAA by its family.
    std::variant<DnsPointer, DnsService, DnsText, net::Address> data;
    bool operator==(const DnsRecord&) const = default;
};

struct DnsMessage {
    bool response = false;
    std::vector<DnsQuestion> questions;
    std::vector<DnsRecord> answers;
    std::vector<DnsRecord> additionals;
    bool operator==(const DnsMessage&) const = default;
};

inline constexpr std::size_t max_dns_questions = 32;
inline constexpr std::size_t max_dns_records = 128;

/// Records of other types or classes are left out, and so is the authority section.
/// bad_data: damaged, or more than the above. unsupported: an error or another operation than a
/// query, which multicast DNS ignores.
Result<DnsMessage> parse_dns_message(Bytes message);

/// Names are written out in full, so that a message of ours needs no compression to be right. What
/// it is given must keep the limits above.
ByteVector encode_dns_message(const DnsMessage& message);

}  // namespace shoal::discovery
