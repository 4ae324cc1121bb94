// shoal download: fetches one torrent into a folder, in the foreground.
#include "engine/download.h"

#include <boost/asio/steady_timer.hpp>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "cli/swarm_options.h"
#include "engine/source.h"

namespace shoal::cli {
namespace {

struct DownloadArguments {
    SwarmOptions swarm;
    std::string source;
    std::string directory = ".";
    std::string sources = "many";
    std::vector<std::string> files;
    bool seed = false;
};

class DownloadRun {
  public:
    DownloadRun(const DownloadArguments& arguments, const Context& context)
        : arguments_(arguments), context_(context), timer_(io_) {}

    Result<void> run() {
        if (auto ok = open(); !ok) return ok;
        Signals signals(io_.get_executor(), [this](int) { interrupt(); });
        signals_ = &signals;
        report_ready(context_, reachable_address(*session_));
        download_->start();
        report_later();
        io_.run();
        // The download refers to the session, and the disk's threads to both.
        download_.reset();
        session_.reset();
        return result_;
    }

  private:
    Result<void> open() {
        if (arguments_.sources != "one" && arguments_.sources != "many") {
            return fail(ErrorCode::usage, "--sources is 'one' or 'many', not '{}'",
                        printable(arguments_.sources));
        }
        if (auto ok = arguments_.swarm.check_trackers(); !ok) return ok;
        auto peers = arguments_.swarm.peer_endpoints();
        if (!peers) return std::unexpected(peers.error());
        auto source = engine::read_source(arguments_.source);
        if (!source) return std::unexpected(source.error());
        if (auto ok = add_peers_of(*source, *peers); !ok) return ok;
        auto session = arguments_.swarm.open_session(io_);
        if (!session) return std::unexpected(session.error());
        session_ = std::move(*session);
        engine::DownloadOptions options{.source = std::move(*source),
                                        .directory = arguments_.directory,
                                        .files = arguments_.files,
                                        .trackers = arguments_.swarm.trackers,
                                        .peers = std::move(*peers),
                                        .single_source = arguments_.sources == "one",
                                        .seed = arguments_.seed};
        engine::DownloadCallbacks callbacks{
            .on_complete = [this](ByteCount bytes) { on_complete(bytes); },
            .on_error = [this](Error error) { stop(std::unexpected(std::move(error))); }};
        download_ =
            std::make_unique<engine::Download>(*session_, std::move(options), std::move(callbacks));
        return {};
    }

    /// Peers named in a magnet link, by address only: asking a resolver for names out of a link
    /// would let the link's author see who opens it.
    static Result<void> add_peers_of(const engine::Source& source,
                                     std::vector<net::TcpEndpoint>& peers) {
        const auto* magnet = std::get_if<metainfo::Magnet>(&source);
        if (magnet == nullptr) return {};
        if (!magnet->hash_v1) {
            return fail(ErrorCode::unsupported,
                        "a v2-only magnet link cannot be fetched yet: use the .torrent file");
        }
        for (const auto& text : magnet->peers) {
            if (const auto peer = net::parse_endpoint(text)) peers.push_back(*peer);
        }
        return {};
    }

    void on_complete(ByteCount bytes) {
        const double taken = seconds(Clock::now() - started_);
        line_.clear();
        if (context_.json) {
            print_json({{"event", "complete"}, {"bytes", bytes}, {"seconds", taken}});
        } else {
            print_line(fmt::format("complete {} in {:.1f} s: {}", format_size(bytes), taken,
                                   printable(download_->name())));
        }
        if (!arguments_.seed) stop({});
    }

    void report_later() {
        timer_.expires_after(500ms);
        timer_.async_wait([this](boost::system::error_code error) {
            if (error) return;
            const auto status = download_->status();
            line_.show(download_->name(), status);
            if (context_.json && (++ticks_ % 2) == 0) report_progress(status.transfer);
            tell_of_missing_pieces(status);
            report_later();
        });
    }

    /// Pieces that nobody has are an error that only others can mend: it is told, once each time,
    /// and the download waits for a peer that has them.
    void tell_of_missing_pieces(const engine::DownloadStatus& status) {
        const auto& transfer = status.transfer;
        const bool stuck = status.stage == engine::DownloadStatus::Stage::transferring &&
                           transfer.have < transfer.total && transfer.down < 1;
        stuck_ = stuck ? stuck_ + 1 : 0;
        constexpr int ticks_until_told = 10;
        if (stuck_ != ticks_until_told) return;
        line_.clear();
        if (transfer.peers == 0) {
            fmt::print(stderr, "shoal: no peer has been found yet; still looking\n");
            return;
        }
        if (transfer.unavailable == 0) return;
        std::string examples;
        for (const auto piece : download_->unavailable(5)) {
            examples += fmt::format("{}{}", examples.empty() ? "" : ", ", piece.value());
        }
        fmt::print(stderr,
                   "shoal: {} pieces are held by none of the {} connected peers (such as {}); "
                   "waiting for one that has them\n",
                   transfer.unavailable, transfer.peers, examples);
    }

    void interrupt() {
        const bool complete = download_->status().stage == engine::DownloadStatus::Stage::complete;
        if (complete && arguments_.seed) return stop({});
        stop(fail(ErrorCode::cancelled, "interrupted; the same command goes on from here"));
    }

    void stop(Result<void> result) {
        if (std::exchange(stopping_, true)) return;
        result_ = std::move(result);
        signals_->cancel();
        timer_.cancel();
        line_.clear();
        download_->stop([this](Result<void> saved) {
            if (result_ && !saved) result_ = std::move(saved);
            io_.stop();
        });
    }

    const DownloadArguments& arguments_;
    const Context& context_;
    const TimePoint started_ = Clock::now();
    boost::asio::io_context io_{1};
    boost::asio::steady_timer timer_;
    std::unique_ptr<engine::Session> session_;
    std::unique_ptr<engine::Download> download_;
    ProgressLine line_;
    Signals* signals_ = nullptr;
    int ticks_ = 0;
    int stuck_ = 0;
    bool stopping_ = false;
    Result<void> result_;
};

}  // namespace

void add_download(CLI::App& app, Context& context) {
    auto* command = app.add_subcommand("download", "Fetch a torrent from whoever has it");
    const auto arguments = std::make_shared<DownloadArguments>();
    command
        ->add_option("source", arguments->source,
                     "A .torrent, a magnet link, or a text file that holds one")
        ->required()
        ->type_name("SOURCE");
    command->add_option("-o,--output", arguments->directory, "Folder to put it in")
        ->type_name("DIR");
    command->add_option("--sources", arguments->sources, "Fetch from one peer at a time or many")
        ->type_name("one|many");
    command->add_option("--files", arguments->files, "Only files that match; repeatable")
        ->type_name("GLOB");
    command->add_flag("--seed", arguments->seed, "Go on serving once it is complete");
    arguments->swarm.add_to(*command);
    command->callback([arguments, &context] {
        context.action = [arguments, &context] { return DownloadRun(*arguments, context).run(); };
    });
}

}  // namespace shoal::cli
