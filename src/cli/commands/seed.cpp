// shoal seed: serves content that is on this machine, in the foreground.
#include <boost/asio/steady_timer.hpp>

#include "cli/commands/commands.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "cli/swarm_options.h"
#include "engine/seeding.h"
#include "engine/source.h"

namespace shoal::cli {
namespace {

struct SeedArguments {
    SwarmOptions swarm;
    std::vector<std::string> pairs;
    bool partial = false;
};

class SeedRun {
  public:
    SeedRun(const SeedArguments& arguments, const Context& context)
        : arguments_(arguments), context_(context), timer_(io_) {}

    Result<void> run() {
        if (auto ok = open(); !ok) return ok;
        Signals signals(io_.get_executor(), [this](int) { stop({}); });
        signals_ = &signals;
        for (auto& seeding : seedings_) seeding->start();
        io_.run();
        // Torrents refer to the session, and the disk's threads to both.
        seedings_.clear();
        session_.reset();
        return result_;
    }

  private:
    Result<void> open() {
        if (arguments_.pairs.size() % 2 != 0) {
            return fail(ErrorCode::usage, "give a PATH with every TORRENT");
        }
        if (auto ok = arguments_.swarm.check_trackers(); !ok) return ok;
        const auto peers = arguments_.swarm.peer_endpoints();
        if (!peers) return std::unexpected(peers.error());
        std::vector<metainfo::Metainfo> torrents;
        for (std::size_t i = 0; i < arguments_.pairs.size(); i += 2) {
            auto torrent = engine::read_torrent(arguments_.pairs[i]);
            if (!torrent) return std::unexpected(torrent.error());
            torrents.push_back(std::move(*torrent));
        }
        auto session = arguments_.swarm.open_session(io_);
        if (!session) return std::unexpected(session.error());
        session_ = std::move(*session);
        for (std::size_t i = 0; i < torrents.size(); ++i) {
            engine::SeedingOptions options{.torrent = std::move(torrents[i]),
                                           .path = arguments_.pairs[2 * i + 1],
                                           .trackers = arguments_.swarm.trackers,
                                           .peers = *peers,
                                           .partial = arguments_.partial};
            engine::SeedingCallbacks callbacks{
                .on_ready = [this] { on_ready(); },
                .on_error = [this](Error error) { stop(std::move(error)); }};
            seedings_.push_back(std::make_unique<engine::Seeding>(*session_, std::move(options),
                                                                  std::move(callbacks)));
        }
        return {};
    }

    void on_ready() {
        if (++ready_ < seedings_.size()) return;
        report_ready(context_, reachable_address(*session_));
        if (context_.json) report_later();
    }

    void report_later() {
        timer_.expires_after(1s);
        timer_.async_wait([this](boost::system::error_code error) {
            if (error) return;
            engine::TransferStatus sum;
            for (const auto& seeding : seedings_) {
                const auto status = seeding->status();
                sum.have += status.have;
                sum.total += status.total;
                sum.up += status.up;
                sum.uploaded += status.uploaded;
                sum.peers += status.peers;
            }
            report_progress(sum);
            report_later();
        });
    }

    void stop(std::optional<Error> error) {
        if (std::exchange(stopping_, true)) return;
        if (error) result_ = std::unexpected(*error);
        signals_->cancel();
        timer_.cancel();
        still_running_ = seedings_.size();
        for (auto& seeding : seedings_) {
            seeding->stop([this] {
                if (--still_running_ == 0) io_.stop();
            });
        }
    }

    const SeedArguments& arguments_;
    const Context& context_;
    boost::asio::io_context io_{1};
    boost::asio::steady_timer timer_;
    std::unique_ptr<engine::Session> session_;
    std::vector<std::unique_ptr<engine::Seeding>> seedings_;
    Signals* signals_ = nullptr;
    std::size_t ready_ = 0;
    std::size_t still_running_ = 0;
    bool stopping_ = false;
    Result<void> result_;
};

}  // namespace

void add_seed(CLI::App& app, Context& context) {
    auto* command = app.add_subcommand("seed", "Serve content to whoever wants it");
    const auto arguments = std::make_shared<SeedArguments>();
    command
        ->add_option("content", arguments->pairs,
                     "TORRENT PATH, once or several times; PATH is the content or its folder")
        ->required()
        ->type_name("TORRENT PATH");
    command->add_flag("--partial", arguments->partial, "Serve what verifies, even if incomplete");
    arguments->swarm.add_to(*command);
    command->callback([arguments, &context] {
        context.action = [arguments, &context] { return SeedRun(*arguments, context).run(); };
    });
}

}  // namespace shoal::cli
