#include "http/metrics.h"

#include <algorithm>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "http/guard.h"

namespace shoal::http {

void Metrics::counter(const std::string& name, const std::string& help, Value value,
                      Labels labels) {
    add(Kind::counter, name, help, {std::move(labels), std::move(value)});
}

void Metrics::gauge(const std::string& name, const std::string& help, Value value, Labels labels) {
    add(Kind::gauge, name, help, {std::move(labels), std::move(value)});
}

void Metrics::add(Kind kind, const std::string& name, const std::string& help, Sample sample) {
    auto family = std::ranges::find(families_, name, &Family::name);
    if (family == families_.end()) {
        family = families_.insert(family, {.name = name, .help = help, .kind = kind});
    }
    family->samples.push_back(std::move(sample));
}

void Metrics::send(Response& response) const {
    std::vector<prometheus::MetricFamily> all;
    for (const Family& family : families_) {
        prometheus::MetricFamily& shown = all.emplace_back();
        shown.name = family.name;
        shown.help = family.help;
        const bool counts = family.kind == Kind::counter;
        shown.type = counts ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
        for (const Sample& sample : family.samples) {
            prometheus::ClientMetric& metric = shown.metric.emplace_back();
            for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
            (counts ? metric.counter.value : metric.gauge.value) = sample.value();
        }
    }
    add_data_headers(response);
    response.status = 200;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = prometheus::TextSerializer().Serialize(all);
}

}  // namespace shoal::http
