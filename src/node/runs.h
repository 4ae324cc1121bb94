// What is so of pieces, told as runs: few where much of a torrent is alike, and never too many.
#pragma once
#include <algorithm>
#include <boost/json/array.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace shoal::node {

/// Pieces that follow each other and have the same value.
struct PieceRun {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint32_t value = 0;
    bool operator==(const PieceRun&) const = default;
};

/// What a group of pieces has where there are too many runs to tell each piece.
enum class GroupValue : std::uint8_t { least, most };

constexpr std::size_t most_runs = 8192;

/// The runs of value_of(piece) over `size` pieces. Where these are more than `limit`, pieces are
/// looked at in as many groups of equal size.
template <class ValueOf>
std::vector<PieceRun> runs_of(std::uint32_t size, GroupValue group_value, ValueOf value_of,
                              std::size_t limit = most_runs) {
    const auto make = [&](std::uint32_t step) {
        std::vector<PieceRun> runs;
        for (std::uint32_t first = 0; first < size && runs.size() <= limit;) {
            const std::uint32_t end = size - first < step ? size : first + step;
            std::uint32_t value = value_of(first);
            for (std::uint32_t i = first + 1; i < end; ++i) {
                const std::uint32_t one = value_of(i);
                value =
                    group_value == GroupValue::least ? std::min(value, one) : std::max(value, one);
            }
            if (!runs.empty() && runs.back().value == value) {
                runs.back().last = end - 1;
            } else {
                runs.push_back({first, end - 1, value});
            }
            first = end;
        }
        return runs;
    };
    std::vector<PieceRun> runs = make(1);
    if (runs.size() <= limit) return runs;
    return make(static_cast<std::uint32_t>((size + limit - 1) / limit));
}

/// The ranges [[first, last], …] of the pieces for which it holds; of a group, where there are too
/// many, for all of them (`least`) or any (`most`).
template <class Holds>
boost::json::array ranges_of(std::uint32_t size, GroupValue group_value, Holds holds) {
    boost::json::array ranges;
    const auto value_of = [&](std::uint32_t piece) { return holds(piece) ? 1U : 0U; };
    for (const PieceRun& run : runs_of(size, group_value, value_of)) {
        if (run.value != 0) ranges.push_back(boost::json::array{run.first, run.last});
    }
    return ranges;
}

}  // namespace shoal::node
