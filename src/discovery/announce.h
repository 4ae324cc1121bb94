// What is said to an HTTP tracker and what it answers (BEP 3, 7, 21, 23, 24, 31), as bytes.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "net/endpoint.h"

namespace shoal::discovery {

enum class Event : std::uint8_t { none, started, completed, stopped };

struct AnnounceRequest {
    InfoHash info_hash;
    Digest<20> peer_id;
    std::uint16_t port = 0;  ///< where peers can reach us
    ByteCount uploaded = 0;
    ByteCount downloaded = 0;
    ByteCount left = 0;  ///< bytes; what is unknown yet counts as something
    Event event = Event::none;
    int numwant = 50;
    std::uint32_t key = 0;  ///< the same for one run, so that a tracker knows us at a new address
};

/// The request target: the tracker's own path and query with the announce's appended.
std::string announce_target(std::string_view tracker_target, const AnnounceRequest& request);

struct AnnounceAnswer {
    /// Not empty when the tracker refused; then only retry_in and retry_never count besides.
    std::string failure;
    std::optional<std::chrono::minutes> retry_in;  ///< BEP 31
    bool retry_never = false;                      ///< BEP 31: the announce will never be accepted

    std::string warning;
    std::chrono::seconds interval{0};  ///< 0: the tracker gave none
    std::chrono::seconds min_interval{0};
    std::vector<net::TcpEndpoint> peers;  ///< as the tracker gave them, without duplicates
    std::optional<std::int64_t> seeds;
    std::optional<std::int64_t> leechers;
    std::optional<net::Address> external_address;  ///< ours, as the tracker sees it (BEP 24)
};

/// At most this many peers are taken from one answer.
inline constexpr std::size_t max_answer_peers = 1000;

/// Reads the body of an answer. Lenient about the order of keys and about peers that are no
/// addresses (they are left out). Texts are cut to 200 bytes and are not yet printable().
/// bad_data: no bencoded dictionary, or one with neither peers nor a failure reason.
Result<AnnounceAnswer> parse_announce_answer(Bytes body);

}  // namespace shoal::discovery
