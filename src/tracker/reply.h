// The tracker's answers as bencode (BEP 3, 7, 23, 24, 31, 48), appended to a text that the caller
// keeps and uses again.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tracker/swarm_store.h"

namespace shoal::tracker {

struct ReplyTimes {
    std::chrono::seconds interval;
    std::chrono::seconds min_interval;
};

void write_failure(std::string& out, std::string_view reason,
                   std::optional<std::chrono::minutes> retry_in = std::nullopt);

/// The form that almost every client asks for.
void write_compact(std::string& out, const ReplyTimes& times, const SwarmCounts& counts,
                   const net::Address& asker, const PeerSample& peers);

/// Peers as dictionaries, with their ids if the sample has them.
void write_dictionaries(std::string& out, const ReplyTimes& times, const SwarmCounts& counts,
                        const net::Address& asker, const PeerSample& peers);

/// Info hashes must be in ascending order, each once.
void write_scrape(std::string& out, const ReplyTimes& times,
                  const std::vector<std::pair<InfoHash, SwarmCounts>>& swarms);

}  // namespace shoal::tracker
