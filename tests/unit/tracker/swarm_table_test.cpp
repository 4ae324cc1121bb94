#include "tracker/swarm_table.h"

#include <gtest/gtest.h>
#include <set>

namespace shoal::tracker {
namespace {

InfoHash hash(std::uint32_t number) {
    InfoHash result;
    store_big_endian(number, MutableBytes(result.bytes).first(4));
    return result;
}

TEST(SwarmTable, BehavesLikeASetUnderAnyMixOfChanges) {
    Random random(42);
    SwarmTable table;
    std::set<std::uint32_t> model;
    for (int step = 0; step < 60'000; ++step) {
        const std::uint32_t span = step % 20'000 < 10'000 ? 1000 : 10;
        const auto number = static_cast<std::uint32_t>(random.below(1000));
        Swarm* found = table.find(hash(number));
        ASSERT_EQ(found != nullptr, model.contains(number));
        if (found != nullptr && number >= span) {
            std::size_t at = 0;
            while (&table[at] != found) ++at;
            table.erase(at);
            model.erase(number);
        } else if (found == nullptr && number < span) {
            table.add(hash(number)).downloaded = number;
            model.insert(number);
        }
        ASSERT_EQ(table.size(), model.size());
    }
    for (const std::uint32_t number : model) {
        const Swarm* found = table.find(hash(number));
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->downloaded, number) << "what is known of a swarm moves with it";
    }
    while (table.size() > 0) table.erase(0);
    EXPECT_EQ(table.find(hash(1)), nullptr);
}

}  // namespace
}  // namespace shoal::tracker
