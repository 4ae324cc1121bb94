#include "http/metrics.h"

#include <gtest/gtest.h>

namespace shoal::http {
namespace {

std::string text_of(const Metrics& metrics) {
    Response response;
    metrics.send(response);
    EXPECT_EQ(response.status, 200u);
    EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
    return response.body;
}

TEST(MetricsTest, IsTheTextThatPrometheusReads) {
    Metrics metrics;
    metrics.counter("x_total", "All x", [] { return 3.0; }, {{"kind", "a"}});
    metrics.gauge("y", "Present y", [] { return 1.5; });
    metrics.counter("x_total", "", [] { return 4.0; }, {{"kind", "b"}});
    EXPECT_EQ(text_of(metrics),
              "# HELP x_total All x\n"
              "# TYPE x_total counter\n"
              "x_total{kind=\"a\"} 3\n"
              "x_total{kind=\"b\"} 4\n"
              "# HELP y Present y\n"
              "# TYPE y gauge\n"
              "y 1.5\n");
}

TEST(MetricsTest, ValuesAreThoseOfTheMoment) {
    Metrics metrics;
    double value = 1;
    metrics.gauge("y", "Present y", [&] { return value; });
    EXPECT_TRUE(text_of(metrics).ends_with("y 1\n"));
    value = 4'000'000'000;
    EXPECT_TRUE(text_of(metrics).ends_with("y 4000000000\n"));
}

}  // namespace
}  // namespace shoal::http
