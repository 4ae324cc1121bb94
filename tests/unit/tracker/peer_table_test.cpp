#include "tracker/peer_table.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

namespace shoal::tracker {
namespace {

using Table = PeerTable<4>;

Table::Key key(std::uint64_t number) {
    Table::Key result{};
    for (std::size_t i = 0; i < result.size(); ++i) {
        result[i] = static_cast<std::byte>(number >> (8 * i));
    }
    return result;
}

TEST(PeerTable, BehavesLikeAMapUnderAnyMixOfChanges) {
    Random random(42);
    const HashSecret secret{random(), random() | 1};
    Table table;
    std::map<std::uint64_t, bool> model;  // number to seed
    for (int step = 0; step < 40'000; ++step) {
        // The range of numbers grows and shrinks, so that the table passes all its sizes.
        const std::uint64_t span = step % 10'000 < 5'000 ? 600 : 20;
        const std::uint64_t number = random.below(600);
        const auto found = table.find(key(number), secret);
        ASSERT_EQ(found.has_value(), model.contains(number));
        const bool seed = random.below(2) == 0;
        if (found && (number >= span || random.below(3) == 0)) {
            table.remove(*found, secret);
            model.erase(number);
        } else if (found) {
            const std::size_t at = table.set_seed(*found, seed, secret);
            ASSERT_EQ(table[at].key, key(number));
            model[number] = seed;
        } else if (number < span) {
            const std::size_t at = table.add(key(number), seed, secret);
            ASSERT_EQ(table[at].key, key(number));
            table[at].seen = static_cast<std::uint32_t>(number);
            table.id(at).bytes[0] = static_cast<std::byte>(number);
            model[number] = seed;
        }
        ASSERT_EQ(table.size(), model.size());
    }
    std::size_t seeds = 0;
    for (const auto& [number, seed] : model) {
        const auto at = table.find(key(number), secret);
        ASSERT_TRUE(at);
        EXPECT_EQ(table.is_seed(*at), seed);
        EXPECT_EQ(table[*at].seen, number) << "data moves with its peer";
        EXPECT_EQ(table.id(*at).bytes[0], static_cast<std::byte>(number));
        seeds += seed ? 1 : 0;
    }
    EXPECT_EQ(table.seeds(), seeds);
}

class Drawing : public testing::Test {
  protected:
    void fill(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) table_.add(key(i), false, secret_);
    }
    std::set<std::string> draw(std::size_t wanted, std::optional<std::size_t> skip) {
        std::string keys;
        table_.draw(wanted, table_.size(), skip, random_, keys, nullptr);
        std::set<std::string> drawn;
        for (std::size_t i = 0; i < keys.size(); i += 6) drawn.insert(keys.substr(i, 6));
        EXPECT_EQ(drawn.size() * 6, keys.size()) << "nobody twice";
        return drawn;
    }

    HashSecret secret_;
    Table table_;
    Random random_{1};
};

TEST_F(Drawing, GivesEveryoneButTheSkippedWhenThereAreFew) {
    fill(5);
    EXPECT_EQ(draw(10, std::nullopt).size(), 5u);
    const auto others = draw(10, 2);
    EXPECT_EQ(others.size(), 4u);
    EXPECT_FALSE(others.contains(std::string(text_of(table_[2].key))));
    EXPECT_TRUE(draw(0, std::nullopt).empty());
}

TEST_F(Drawing, GivesNothingOfAnEmptyRange) {
    EXPECT_TRUE(draw(10, std::nullopt).empty());
    fill(1);
    EXPECT_TRUE(draw(10, 0).empty());
}

TEST_F(Drawing, EveryoneIsAsLikely) {
    fill(101);
    std::map<std::string, int> times;
    for (int round = 0; round < 10'000; ++round) {
        const auto drawn = draw(10, 50);
        EXPECT_EQ(drawn.size(), 10u);
        for (const auto& peer : drawn) ++times[peer];
    }
    EXPECT_EQ(times.size(), 100u);
    // Each is drawn with probability 1/10: 1000 times, with a deviation of about 30.
    for (const auto& [peer, count] : times) {
        EXPECT_GT(count, 850);
        EXPECT_LT(count, 1150);
    }
}

}  // namespace
}  // namespace shoal::tracker
