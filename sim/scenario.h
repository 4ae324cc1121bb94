// A whole swarm from one number: who is in it, what goes wrong, and what must hold at the end.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace shoal::sim {

/// The lines of a crowd, in bytes a second.
struct Links {
    double seed_up = 0;
    double down = 0;          ///< of everybody
    std::vector<double> ups;  ///< of the downloaders in turn; not empty
};

struct Scenario {
    std::uint64_t seed = 1;
    std::uint32_t peers = 100;  ///< downloaders
    std::uint32_t pieces = 48;
    std::uint32_t piece_length = 48 << 10;  ///< bytes
    /// Out of a hundred downloaders.
    std::uint32_t liars = 0;
    std::uint32_t stallers = 0;
    std::uint32_t leavers = 0;
    /// The content is not on one seed but scattered over this many peers, each with a part; 0: one
    /// seed that stays.
    std::uint32_t scattered = 0;
    /// Everybody starts at once and knows everybody, on lines of these rates; none: they come in
    /// the first five seconds and know some, on lines such as people have.
    std::optional<Links> crowd;
    bool single_source = false;
    ByteCount memory = 1 << 20;  ///< of each peer, for pieces in flight
    Duration limit = 30min;      ///< of virtual time
};

struct Report {
    bool all_complete = false;  ///< every honest peer that stayed
    Duration last_complete{};   ///< after the start
    Duration mean_complete{};   ///< after the start; of the same peers
    double first_share = 0;     ///< bytes sent by the first seed, in copies of the content
    std::uint64_t events = 0;
    /// A digest of who completed when; the same for the same scenario, on every machine.
    std::uint64_t trace = 0;
    std::vector<std::string> violations;  ///< broken rules, in words; must be empty
};

/// The least time in which anybody could give a crowd the content (Kumar and Ross 2006); the
/// scenario has a crowd.
Duration least_time(const Scenario& scenario);

/// Runs it to the end. Deterministic.
Report run(const Scenario& scenario);

}  // namespace shoal::sim
