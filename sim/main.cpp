// Runs one simulated swarm and prints what came of it; exit code 1 if a rule was broken.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "sim/scenario.h"

int main(int argc, char** argv) {
    shoal::sim::Scenario scenario;
    CLI::App app("A swarm in virtual time, from one seed number", "shoal_sim");
    app.add_option("--seed", scenario.seed, "Everything follows from this number");
    app.add_option("--peers", scenario.peers, "Downloaders");
    app.add_option("--pieces", scenario.pieces);
    app.add_option("--piece-length", scenario.piece_length, "Bytes");
    app.add_option("--liars", scenario.liars, "Percent that send false data");
    app.add_option("--stallers", scenario.stallers, "Percent that stop answering at times");
    app.add_option("--leavers", scenario.leavers, "Percent that leave for good");
    app.add_option("--scattered", scenario.scattered, "Sources that hold the content together");
    app.add_flag("--single-source", scenario.single_source, "Fetch from one peer at a time");
    std::vector<double> crowd;
    app.add_option(
           "--crowd", crowd,
           "All at once, on lines of SEED_UP DOWN UP... megabits a second; downloaders take "
           "the last ones in turn")
        ->expected(3, 10'000);
    app.add_option("--memory", scenario.memory, "Bytes of each peer for pieces in flight");
    CLI11_PARSE(app, argc, argv);

    if (!crowd.empty()) {
        constexpr double megabit = 1e6 / 8;
        for (double& rate : crowd) rate *= megabit;
        scenario.crowd = {crowd[0], crowd[1], {crowd.begin() + 2, crowd.end()}};
    }
    const auto report = shoal::sim::run(scenario);
    fmt::print(
        "complete {}  last {:.1f} s  first source sent {:.2f} copies  events {}  trace {:016x}\n",
        report.all_complete ? "yes" : "NO", shoal::seconds(report.last_complete),
        report.first_share, report.events, report.trace);
    if (scenario.crowd) {
        const double least = shoal::seconds(least_time(scenario));
        fmt::print("bound {:.1f} s  last / bound {:.3f}  mean / bound {:.3f}\n", least,
                   shoal::seconds(report.last_complete) / least,
                   shoal::seconds(report.mean_complete) / least);
    }
    for (const auto& violation : report.violations) fmt::print("BROKEN: {}\n", violation);
    return report.all_complete && report.violations.empty() ? 0 : 1;
}
