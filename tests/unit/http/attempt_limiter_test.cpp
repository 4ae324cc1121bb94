#include "http/attempt_limiter.h"

#include <gtest/gtest.h>

namespace shoal::http {
namespace {

class AttemptLimiterTest : public testing::Test {
  protected:
    AttemptLimiter limiter_{
        {.free = 3, .first_wait = 1s, .longest_wait = 8s, .forget = 60s, .keys = 3}};
    TimePoint now_{1000s};
};

TEST_F(AttemptLimiterTest, FailuresCostMoreAndMoreTime) {
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter_.attempt("an", now_));
    for (const Duration wait : {1s, 2s, 4s, 8s, 8s}) {
        EXPECT_EQ(limiter_.attempt("an", now_), wait);
        EXPECT_EQ(limiter_.attempt("an", now_ + wait - 1ns), 1ns) << "asking costs nothing";
        now_ += wait;
        EXPECT_FALSE(limiter_.attempt("an", now_));
    }
    EXPECT_FALSE(limiter_.attempt("binh", now_)) << "others do not pay";
}

TEST_F(AttemptLimiterTest, SuccessTakesThemBack) {
    for (int i = 0; i < 3; ++i) limiter_.attempt("an", now_);
    limiter_.succeeded("an");
    EXPECT_EQ(limiter_.size(), 0u);
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter_.attempt("an", now_));
    EXPECT_TRUE(limiter_.attempt("an", now_));
    limiter_.succeeded("nobody");
}

TEST_F(AttemptLimiterTest, TimeForgets) {
    for (int i = 0; i < 3; ++i) limiter_.attempt("an", now_);
    now_ += 60s;
    EXPECT_FALSE(limiter_.attempt("binh", now_));
    EXPECT_EQ(limiter_.size(), 1u);
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter_.attempt("an", now_));
}

TEST_F(AttemptLimiterTest, MemoryIsBounded) {
    for (int i = 0; i < 3; ++i) limiter_.attempt("an", now_);
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(limiter_.attempt("stranger " + std::to_string(i), now_));
    }
    EXPECT_EQ(limiter_.size(), 3u);
}

}  // namespace
}  // namespace shoal::http
