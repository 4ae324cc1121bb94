// How the tracker fares, for administrators: now, what went wrong, and the course of an hour or
// day.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cmath>
#include <spdlog/spdlog.h>

#include "http/guard.h"
#include "http/query.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

/// Of the catalogue.
struct Kept {
    std::int64_t users = 0;
    std::int64_t files = 0;
    ByteCount file_bytes = 0;
};

boost::asio::awaitable<Result<Kept>> read_kept(GroupPtr group) {
    co_return co_await on_catalogue<Kept>(group, [&]() -> Result<Kept> {
        const auto users = group->catalogue().accounts().count_users();
        if (!users) return std::unexpected(users.error());
        const auto counts = group->catalogue().publications().counts();
        if (!counts) return std::unexpected(counts.error());
        return Kept{*users, counts->publications, counts->bytes};
    });
}

/// To three decimals; more would be noise.
double rounded(float value) {
    return std::round(static_cast<double>(value) * 1000) / 1000;
}

boost::json::object now_json(const Statistics& statistics, const Kept& kept) {
    const Observation& seen = statistics.seen();
    const Rates& rates = statistics.rates();
    return {{"peers", seen.peers},
            {"daemons", seen.daemons},
            {"users", kept.users},
            {"files", kept.files},
            {"file_bytes", kept.file_bytes},
            {"swarms", seen.swarms.swarms},
            {"seeds", seen.swarms.seeds},
            {"leechers", seen.swarms.peers - seen.swarms.seeds},
            {"announces_per_second", rounded(rates.announces)},
            {"requests_per_second", rounded(rates.requests)},
            {"received_per_second", rounded(rates.received)},
            {"sent_per_second", rounded(rates.sent)},
            {"connections", seen.connections}};
}

boost::json::array errors_json(const Statistics& statistics) {
    boost::json::array errors;
    for (const ErrorCount& error : errors_of(statistics.seen())) {
        errors.push_back(boost::json::object{{"kind", error.kind}, {"count", error.count}});
    }
    return errors;
}

boost::json::object history_json(const RateHistory& history, WallTime started) {
    const auto series = [&](float Rates::* field) {
        boost::json::array values;
        values.reserve(history.size());
        for (std::size_t i = 0; i < history.size(); ++i) {
            values.push_back(rounded(history.at(i).*field));
        }
        return values;
    };
    const WallTime end = history.size() == 0 ? started : history.end();
    return {{"interval_seconds", history.step().count()},
            {"end", to_text(std::chrono::floor<std::chrono::seconds>(end))},
            {"series", boost::json::object{{"announces", series(&Rates::announces)},
                                           {"requests", series(&Rates::requests)},
                                           {"peers", series(&Rates::peers)},
                                           {"received", series(&Rates::received)},
                                           {"sent", series(&Rates::sent)},
                                           {"errors", series(&Rates::errors)}}}};
}

/// The history that the query asks for; null: the response says what is wrong.
const RateHistory* history_of(const Statistics& statistics, const http::Request& request,
                              http::Response& response) {
    http::Query query;
    const auto parsed = query.parse(request.query);
    const auto span = query.find("span").value_or("hour");
    if (parsed && span == "hour") return &statistics.hour();
    if (parsed && span == "day") return &statistics.day();
    http::send_error(response, {ErrorCode::usage, "'span' must be hour or day"});
    return nullptr;
}

void send(const Statistics& statistics, const Kept& kept, const http::Request& request,
          http::Response& response) {
    const RateHistory* history = history_of(statistics, request, response);
    if (history == nullptr) return;
    const WallTime started = statistics.started();
    http::send_json(response, 200,
                    {{"now", now_json(statistics, kept)},
                     {"errors", errors_json(statistics)},
                     {"started", to_text(std::chrono::floor<std::chrono::seconds>(started))},
                     {"history", history_json(*history, started)}});
}

/// The group is null where the tracker is open.
struct Watched {
    GroupPtr group;
    StatisticsPtr statistics;
};

Answer show_to_administrators(Watched watched, const http::Request& request,
                              http::Response& response) {
    const auto caller = co_await log_in_admin(watched.group, request, response);
    if (!caller) co_return;
    const auto kept = co_await read_kept(watched.group);
    if (!kept) co_return http::send_error(response, kept.error());
    send(*watched.statistics, *kept, request, response);
}

void show_to_this_machine(const Watched& watched, const http::Request& request,
                          http::Response& response) {
    http::add_data_headers(response);
    if (is_local(request)) return send(*watched.statistics, {}, request, response);
    http::send_error(response, {ErrorCode::refused, "ask from the tracker's own machine"});
}

void publish(http::EventHub& events, const Statistics& statistics, const Kept& kept) {
    events.publish(std::string(statistics_event),
                   {{"now", now_json(statistics, kept)}, {"errors", errors_json(statistics)}},
                   std::string(administrators));
}

boost::asio::awaitable<void> tell(GroupPtr group, StatisticsPtr statistics) {
    const auto kept = co_await read_kept(group);
    if (!kept) co_return spdlog::warn("cannot tell the statistics: {}", kept.error().message);
    publish(group->events(), *statistics, *kept);
}

}  // namespace

void tell_statistics(const boost::asio::any_io_executor& executor, const GroupPtr& group,
                     const StatisticsPtr& statistics, const EventsPtr& events) {
    const http::Event event{.type = std::string(statistics_event),
                            .audience = std::string(administrators)};
    if (!events->is_heard(event)) return;
    if (!group) return publish(*events, *statistics, {});
    boost::asio::co_spawn(executor, tell(group, statistics), boost::asio::detached);
}

void add_statistics(http::Router& router, const GroupPtr& group, const StatisticsPtr& statistics) {
    const Watched watched{group, statistics};
    if (group) {
        router.add(http::Method::get, "/api/v1/statistics", with(watched, show_to_administrators));
    } else {
        router.add(http::Method::get, "/api/v1/statistics", with(watched, show_to_this_machine));
    }
}

}  // namespace shoal::tracker::rest
