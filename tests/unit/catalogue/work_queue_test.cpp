#include "catalogue/work_queue.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>
#include <latch>
#include <optional>

namespace shoal::catalogue {
namespace {

TEST(WorkQueueTest, WorkIsDoneElsewhereAndAnsweredOnTheExecutor) {
    boost::asio::io_context context;
    WorkQueue queue(context.get_executor(), "work", 2, 8);
    const auto here = std::this_thread::get_id();
    std::optional<Result<int>> answer;
    boost::asio::co_spawn(
        context,
        [&]() -> boost::asio::awaitable<void> {
            answer = co_await queue.run<int>(
                [here]() -> Result<int> {
                    if (std::this_thread::get_id() == here) {
                        return fail(ErrorCode::failed, "on the network's thread");
                    }
                    return 7;
                },
                boost::asio::use_awaitable);
            EXPECT_EQ(std::this_thread::get_id(), here);
        },
        boost::asio::detached);
    context.run();
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ(**answer, 7);
}

TEST(WorkQueueTest, WhatDoesNotFitIsRefusedAtOnce) {
    boost::asio::io_context context;
    std::latch begun(1);
    std::latch go(1);
    WorkQueue queue(context.get_executor(), "the database", 1, 1);
    int done = 0;
    const auto note = [&](const Result<void>& result) { done += result ? 1 : 0; };
    queue.run<void>(
        [&]() -> Result<void> {
            begun.count_down();
            go.wait();
            return {};
        },
        note);
    begun.wait();
    queue.run<void>([]() -> Result<void> { return {}; }, note);
    std::optional<Result<void>> refused;
    queue.run<void>([]() -> Result<void> { return {}; },
                    [&](Result<void> result) {
                        refused = std::move(result);
                        EXPECT_EQ(done, 0) << "before anything else is answered";
                        go.count_down();
                    });
    context.run();
    ASSERT_TRUE(refused && !*refused);
    EXPECT_EQ(refused->error().code, ErrorCode::timeout);
    EXPECT_EQ(refused->error().message, "the database is busy; try again in a moment");
    EXPECT_EQ(done, 2);
}

}  // namespace
}  // namespace shoal::catalogue
