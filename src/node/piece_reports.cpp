#include "node/piece_reports.h"

#include <boost/json/array.hpp>

namespace shoal::node {
namespace {

namespace json = boost::json;

/// Tells a peer's state in one torrent as far as the budget of ranges goes.
class ChangeWriter {
  public:
    ChangeWriter(const Bitfield& have, Bitfield& told, std::size_t& budget)
        : have_(have), told_(told), budget_(budget) {}

    /// `gained` and `lost` as they are now told, whose pieces are noted as such.
    json::object write(const InfoHash& info_hash) {
        json::object change{{"info_hash", info_hash.hex()}};
        change["gained"] = ranges(true);
        change["lost"] = ranges(false);
        return change;
    }

  private:
    json::array ranges(bool gained) {
        json::array ranges;
        for (std::size_t i = 0; i < have_.size() && budget_ > 0;) {
            const std::size_t first = i++;
            if (!changed(first, gained)) continue;
            while (i < have_.size() && changed(i, gained)) ++i;
            for (std::size_t piece = first; piece < i; ++piece) {
                gained ? told_.set(piece) : told_.clear(piece);
            }
            ranges.push_back(json::array{first, i - 1});
            --budget_;
        }
        return ranges;
    }
    [[nodiscard]] bool changed(std::size_t piece, bool gained) const {
        return have_[piece] == gained && told_[piece] != gained;
    }

    const Bitfield& have_;
    Bitfield& told_;
    std::size_t& budget_;
};

}  // namespace

std::optional<json::object> PieceReports::next(const std::vector<Holding>& now) {
    on_its_way_ = whole_ ? Known{} : told_;
    json::array changes;
    std::size_t budget = most_ranges_;
    Known left = on_its_way_;
    for (const Holding& holding : now) {
        left.erase(holding.info_hash);
        const auto [told, added] = on_its_way_.try_emplace(holding.info_hash, holding.have->size());
        if (!added && told->second == *holding.have) continue;
        if (budget == 0) {
            if (added) on_its_way_.erase(told);
            continue;
        }
        changes.push_back(ChangeWriter(*holding.have, told->second, budget).write(told->first));
    }
    for (const auto& [info_hash, pieces] : left) {
        changes.push_back({{"info_hash", info_hash.hex()}, {"gone", true}});
        on_its_way_.erase(info_hash);
    }
    if (changes.empty() && !whole_) return std::nullopt;
    json::object report{{"number", number_ + 1}, {"changes", std::move(changes)}};
    if (whole_) report["whole"] = true;
    return report;
}

void PieceReports::accepted() {
    ++number_;
    whole_ = false;
    told_ = std::move(on_its_way_);
}

void PieceReports::start_over() {
    whole_ = true;
    told_.clear();
}

}  // namespace shoal::node
