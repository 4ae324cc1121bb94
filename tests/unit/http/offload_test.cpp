#include "http/offload.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>

namespace shoal::http {
namespace {

namespace asio = boost::asio;

class OffloadTest : public testing::Test {
  protected:
    template <class Awaitable>
    auto run(Awaitable awaitable) {
        auto result = asio::co_spawn(io_, std::move(awaitable), asio::use_future);
        io_.run();
        return result.get();
    }

    asio::io_context io_{1};
    asio::thread_pool pool_{1};
};

struct Threads {
    std::thread::id before, during, after;
};

asio::awaitable<Threads> visit(asio::any_io_executor elsewhere) {
    Threads threads;
    threads.before = std::this_thread::get_id();
    threads.during = co_await offload(elsewhere, [] { return std::this_thread::get_id(); });
    threads.after = std::this_thread::get_id();
    co_return threads;
}

TEST_F(OffloadTest, RunsElsewhereAndComesBack) {
    const Threads threads = run(visit(pool_.get_executor()));
    EXPECT_NE(threads.during, threads.before);
    EXPECT_EQ(threads.after, threads.before);
}

asio::awaitable<int> rescue(asio::any_io_executor elsewhere) {
    try {
        co_await offload(elsewhere, []() -> int { throw std::runtime_error("bug"); });
    } catch (const std::runtime_error&) {
        co_return 7;
    }
    co_return 0;
}

TEST_F(OffloadTest, AnExceptionComesBackToo) {
    EXPECT_EQ(run(rescue(pool_.get_executor())), 7);
}

}  // namespace
}  // namespace shoal::http
