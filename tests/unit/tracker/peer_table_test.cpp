#include "tracker/peer_table.h"

#include <cmath>
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

Digest<20> id(std::uint64_t number) {
    Digest<20> result;
    store_big_endian(number + 1, MutableBytes(result.bytes).first(8));
    return result;
}

PeerAmounts amounts(std::uint32_t number) {
    return {.uploaded = number * 3, .downloaded = number * 5};
}

TEST(PeerTable, BehavesLikeAMapUnderAnyMixOfChanges) {
    Random random(42);
    const HashSecret secret{random(), random() | 1};
    Table table;
    std::map<std::uint32_t, bool> model;  // number to seed
    std::size_t most_pages = 0;
    for (int step = 0; step < 200'000; ++step) {
        // The range of numbers grows and shrinks, so that the table passes all its sizes.
        const std::uint64_t span = step % 50'000 < 25'000 ? 3000 : 20;
        const auto number = static_cast<std::uint32_t>(random.below(3000));
        const auto found = table.find(key(number), secret);
        ASSERT_EQ(found.has_value(), model.contains(number));
        const bool seed = random.below(2) == 0;
        if (found && (number >= span || random.below(3) == 0)) {
            table.remove(*found);
            model.erase(number);
        } else if (found) {
            const auto at = table.set_seed(*found, seed);
            ASSERT_EQ(table.key(at), key(number));
            model[number] = seed;
        } else if (number < span) {
            const auto at = table.add(key(number), seed, secret);
            ASSERT_EQ(table.key(at), key(number));
            ASSERT_TRUE(table.id(at).is_zero()) << "nothing is left of one who was there before";
            table.set_notes(at, {.seen = number & 0xfffu, .completed = number & 1u});
            table.set_amounts(at, amounts(number));
            if (number % 3 == 0) table.set_id(at, id(number));
            model[number] = seed;
        }
        most_pages = std::max(most_pages, table.pages());
        ASSERT_EQ(table.size(), model.size());
    }
    EXPECT_GT(most_pages, 10u);
    EXPECT_EQ(table.pages(), 1u) << "what is not needed any more is given up";
    std::size_t seeds = 0;
    for (const auto& [number, seed] : model) {
        const auto at = table.find(key(number), secret);
        ASSERT_TRUE(at);
        EXPECT_EQ(table.is_seed(*at), seed);
        EXPECT_EQ(table.notes(*at).seen, number) << "data moves with its peer";
        EXPECT_EQ(table.notes(*at).completed, number % 2);
        EXPECT_EQ(table.amounts(*at), amounts(number));
        EXPECT_EQ(table.id(*at), number % 3 == 0 ? id(number) : Digest<20>{});
        seeds += seed ? 1 : 0;
    }
    EXPECT_EQ(table.seeds(), seeds);
}

TEST(PeerTable, SweepsAPageAtATime) {
    const HashSecret secret;
    Table table;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        table.set_notes(table.add(key(i), i % 5 == 0, secret), {.seen = i & 1u});
    }
    const std::size_t pages = table.pages();
    std::size_t removed = 0;
    for (std::size_t page = 0; page < pages; ++page) {
        removed += table.sweep(page, [](const PeerNotes& notes) { return notes.seen == 0; });
        EXPECT_EQ(table.pages(), pages);
        EXPECT_EQ(table.size(), 1000 - removed);
    }
    EXPECT_EQ(removed, 500u);
    EXPECT_EQ(table.seeds(), 100u);
    for (std::uint32_t i = 0; i < 1000; ++i)
        EXPECT_EQ(bool(table.find(key(i), secret)), i % 2 == 1);
    for (std::size_t page = 0; page < pages; ++page) {
        table.sweep(page, [](const PeerNotes&) { return true; });
    }
    table.settle(2);
    EXPECT_EQ(table.pages(), pages - 2) << "no more at once than it is told";
    table.settle(pages);
    EXPECT_EQ(table.pages(), 1u);
}

TEST(PeerTable, ForgetsWhatIsNotWantedAPageAtATime) {
    const HashSecret secret;
    Table table;
    for (std::uint32_t i = 0; i < 500; ++i) {
        const auto at = table.add(key(i), false, secret);
        table.set_amounts(at, amounts(i));
        table.set_id(at, id(i));
    }
    ASSERT_GT(table.pages(), 1u);
    table.trim(0, false);
    table.trim(1, true);
    for (std::uint32_t i = 0; i < 500; ++i) {
        const auto at = table.find(key(i), secret);
        ASSERT_TRUE(at);
        EXPECT_EQ(table.id(*at), at->page == 0 ? Digest<20>{} : id(i));
        EXPECT_EQ(table.amounts(*at), amounts(i)) << "all are kept while there are few";
    }
}

TEST(PeerTable, OfManyPeersAnEighthStandsForAll) {
    const HashSecret secret;
    Table table;
    constexpr std::uint32_t many = 20'000;
    for (std::uint32_t i = 0; i < many; ++i) {
        const auto at = table.add(key(i), false, secret);
        if (table.weight(at) > 0) table.set_amounts(at, amounts(i));
    }
    for (std::size_t page = 0; page < table.pages(); ++page) table.trim(page, false);
    std::size_t sum = 0;
    for (std::uint32_t i = 0; i < many; ++i) {
        const auto at = table.find(key(i), secret);
        ASSERT_TRUE(at);
        sum += table.weight(*at);
        EXPECT_EQ(table.amounts(*at), table.weight(*at) > 0 ? amounts(i) : PeerAmounts{})
            << "they stay with their peers when the table grows";
    }
    EXPECT_NEAR(static_cast<double>(sum), many, many / 5.0);
}

class Drawing : public testing::Test {
  protected:
    void fill(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) table_.add(key(i), false, secret_);
    }
    std::set<std::string> draw(std::size_t wanted, std::optional<Table::Place> skip,
                               Table::Range range = Table::Range::all) {
        std::string keys;
        table_.draw(wanted, range, skip, random_, keys, nullptr);
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
    const auto others = draw(10, Table::Place{0, 2});
    EXPECT_EQ(others.size(), 4u);
    EXPECT_FALSE(others.contains(std::string(text_of(table_.key({0, 2})))));
    EXPECT_TRUE(draw(0, std::nullopt).empty());
}

TEST_F(Drawing, GivesNothingOfAnEmptyRange) {
    EXPECT_TRUE(draw(10, std::nullopt).empty());
    fill(1);
    EXPECT_TRUE(draw(10, Table::Place{0, 0}).empty());
}

TEST_F(Drawing, EveryoneIsAsLikely) {
    // One page, some pages, and so many that they are looked into at random, between two powers of
    // two, where some are split and some are not.
    for (const std::size_t count : {51u, 301u, 8001u}) {
        table_ = {};
        fill(count);
        for (std::size_t i = 0; i < count; i += 3) {
            table_.set_seed(*table_.find(key(i), secret_), true);
        }
        for (const auto range : {Table::Range::all, Table::Range::leechers}) {
            const auto skip = *table_.find(key(1), secret_);
            std::map<std::string, double> times;
            constexpr std::size_t wanted = 20;
            const std::size_t rounds = count * 10;
            for (std::size_t round = 0; round < rounds; ++round) {
                const auto drawn = draw(wanted, skip, range);
                ASSERT_EQ(drawn.size(), wanted);
                for (const auto& peer : drawn) ++times[peer];
            }
            const bool all = range == Table::Range::all;
            const std::size_t others = (all ? count : count - (count + 2) / 3) - 1;
            EXPECT_EQ(times.size(), others);
            EXPECT_FALSE(times.contains(std::string(text_of(key(1)))));
            const double mean = static_cast<double>(rounds * wanted) / static_cast<double>(others);
            for (const auto& [peer, drawn] : times) {
                EXPECT_NEAR(drawn, mean, 6 * std::sqrt(mean)) << count;
            }
        }
    }
}

}  // namespace
}  // namespace shoal::tracker
