#include "sim/scenario.h"

#include <algorithm>
#include <fmt/format.h>

#include "sim/host.h"

namespace shoal::sim {
namespace {

constexpr std::size_t wanted_connections = 16;
constexpr Duration check_period = 2s;

class Run {
  public:
    explicit Run(const Scenario& scenario)
        : scenario_(scenario),
          random_(scenario.seed),
          content_(Content::make(scenario.pieces, scenario.piece_length, random_())) {}

    Report go() {
        make_sources();
        make_downloaders();
        timeline_.after(check_period, [this] { check(); });
        const TimePoint end = start_ + scenario_.limit;
        while (!done() && report_.violations.empty() && timeline_.step(end)) ++report_.events;
        finish();
        return std::move(report_);
    }

  private:
    Host& add(HostOptions options) {
        const auto number = static_cast<std::uint32_t>(hosts_.size());
        hosts_.push_back(
            std::make_unique<Host>(timeline_, content_, number, std::move(options), random_()));
        return *hosts_.back();
    }

    HostOptions options(Bitfield have) {
        // Uplinks between 0.25 and 4 MB/s: mixed lines as people have them.
        HostOptions chosen = {.upload_rate = 0.25e6 * static_cast<double>(1 << random_.below(5)),
                              .have = std::move(have),
                              .settings = {.single_source = scenario_.single_source},
                              .memory = scenario_.memory};
        if (scenario_.crowd) {
            chosen.upload_rate = hosts_.empty() ? scenario_.crowd->seed_up : up_of(joined_);
            chosen.download_rate = scenario_.crowd->down;
        }
        return chosen;
    }

    [[nodiscard]] double up_of(std::uint32_t downloader) const {
        return scenario_.crowd->ups[downloader % scenario_.crowd->ups.size()];
    }

    void make_sources() {
        const std::uint32_t count = std::max(scenario_.scattered, 1u);
        std::vector<Bitfield> parts(count, Bitfield(scenario_.pieces));
        for (std::uint32_t i = 0; i < scenario_.pieces; ++i) parts[random_.below(count)].set(i);
        for (auto& part : parts) add(options(std::move(part)));
        sources_ = count;
    }

    void make_downloaders() {
        if (scenario_.crowd) {
            for (std::uint32_t i = 0; i < scenario_.peers; ++i) {
                Host& host = add(options(Bitfield(scenario_.pieces)));
                ++joined_;
                for (const auto& other : hosts_) Host::connect(host, *other, 1ms);
            }
            return;
        }
        for (std::uint32_t i = 0; i < scenario_.peers; ++i) {
            timeline_.after(Duration(1ms) * random_.below(5000), [this] { join(); });
        }
    }

    void join() {
        HostOptions chosen = options(Bitfield(scenario_.pieces));
        const auto lot = random_.below(100);
        const bool leaves = random_.below(100) < scenario_.leavers;
        if (lot < scenario_.liars) {
            chosen.manners = Manners::liar;
        } else if (lot < scenario_.liars + scenario_.stallers) {
            chosen.manners = Manners::staller;
        }
        Host& host = add(std::move(chosen));
        ++joined_;
        look_for_peers(host);
        if (leaves) {
            timeline_.after(Duration(1ms) * (1000 + random_.below(60'000)),
                            [&host] { host.leave(); });
        }
    }

    /// What a tracker would do: a few random members now, more later if connections were lost.
    void look_for_peers(Host& host) {
        if (host.gone()) return;
        for (std::size_t i = host.connections(); i < wanted_connections; ++i) {
            Host& other = *hosts_[random_.below(hosts_.size())];
            Host::connect(host, other, Duration(1ms) * (1 + random_.below(80)));
        }
        timeline_.after(5s, [this, &host] { look_for_peers(host); });
    }

    [[nodiscard]] bool must_complete(const Host& host) const {
        return !host.gone() && host.manners() == Manners::honest;
    }

    [[nodiscard]] bool done() const {
        return joined_ == scenario_.peers && std::ranges::all_of(hosts_, [&](const auto& host) {
                   return !must_complete(*host) || host->complete();
               });
    }

    void check() {
        for (const auto& host : hosts_) {
            if (!host->gone() && !host->consistent()) {
                report_.violations.push_back(
                    fmt::format("peer {} breaks a rule of its state", host->number()));
            }
            for (const auto number : host->thrown_out()) {
                if (hosts_[number]->manners() == Manners::liar) continue;
                report_.violations.push_back(
                    fmt::format("peer {} banned the honest peer {}", host->number(), number));
            }
        }
        timeline_.after(check_period, [this] { check(); });
    }

    void finish() {
        check();
        report_.all_complete = done();
        report_.first_share = static_cast<double>(hosts_.front()->sent()) /
                              static_cast<double>(content_.layout.total_size());
        std::uint32_t completed = 0;
        Duration sum{};
        for (const auto& host : hosts_) {
            const TimePoint at = host->completed_at().value_or(start_);
            if (must_complete(*host)) {
                report_.last_complete = std::max(report_.last_complete, at - start_);
            }
            if (host->number() >= sources_ && must_complete(*host)) {
                sum += at - start_;
                ++completed;
            }
            report_.trace = report_.trace * 0x100000001b3 ^
                            static_cast<std::uint64_t>((at - start_).count()) ^ host->number();
        }
        if (completed > 0) report_.mean_complete = sum / completed;
    }

    const Scenario scenario_;
    Random random_;
    Timeline timeline_;
    const TimePoint start_ = timeline_.now();
    Content content_;
    std::vector<std::unique_ptr<Host>> hosts_;
    std::uint32_t sources_ = 0;
    std::uint32_t joined_ = 0;
    Report report_;
};

}  // namespace

Duration least_time(const Scenario& scenario) {
    const Links& links = *scenario.crowd;
    const double size = static_cast<double>(scenario.pieces) * scenario.piece_length;
    double ups = links.seed_up;
    for (std::uint32_t i = 0; i < scenario.peers; ++i) ups += links.ups[i % links.ups.size()];
    const double least =
        std::max({size / links.seed_up, size / links.down, scenario.peers * size / ups});
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(least));
}

Report run(const Scenario& scenario) {
    return Run(scenario).go();
}

}  // namespace shoal::sim
