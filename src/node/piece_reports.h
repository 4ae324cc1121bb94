// What the tracker is told of the pieces that this peer has: numbered reports of changes. No I/O.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/bitfield.h"
#include "base/digest.h"

namespace shoal::node {

/// A torrent of the group, and what is here of it.
struct Holding {
    InfoHash info_hash;
    const Bitfield* have = nullptr;
};

/// Use: next(), send what it gives, then accepted() once the tracker took it. A report that was not
/// accepted is made anew. Not thread-safe.
class PieceReports {
  public:
    /// Ranges of pieces in one report; what is beyond waits for the next one.
    explicit PieceReports(std::size_t most_ranges = 20'000) : most_ranges_(most_ranges) {}

    /// The body of the next report (docs/protocol.md); nothing when the tracker knows all.
    [[nodiscard]] std::optional<boost::json::object> next(const std::vector<Holding>& now);
    void accepted();
    /// The tracker knows nothing of us any more: the next report tells everything.
    void start_over();

  private:
    using Known = std::map<InfoHash, Bitfield>;

    std::size_t most_ranges_;
    bool whole_ = true;  ///< the next report is
    std::uint64_t number_ = 0;
    Known told_;
    Known on_its_way_;  ///< what will be known once the last report is accepted
};

}  // namespace shoal::node
