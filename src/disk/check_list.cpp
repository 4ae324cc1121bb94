#include "disk/check_list.h"

#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

namespace shoal::disk {

using metainfo::PieceDigests;
using metainfo::Verdict;

Error stopped_error() {
    return {ErrorCode::cancelled, "stopped before it was done"};
}

/// One check. It ends when none of its pieces is left or in work, or after an error when none is in
/// work.
class CheckList::Check : public std::enable_shared_from_this<Check> {
  public:
    Check(std::shared_ptr<Storage> storage, std::vector<PieceIndex> pieces, CheckOptions options,
          boost::asio::any_io_executor executor, Handler handler)
        : storage_(std::move(storage)),
          pieces_(std::move(pieces)),
          options_(std::move(options)),
          executor_(std::move(executor)),
          handler_(std::move(handler)),
          good_(storage_->layout().piece_count()) {}

    /// For those who have a piece in work.
    [[nodiscard]] const Storage& storage() const { return *storage_; }

    /// The next piece, which note() must be told of; nothing when there is none to be taken.
    std::optional<PieceIndex> take() {
        const std::lock_guard lock(mutex_);
        if (is_over() || next_ == pieces_.size()) return std::nullopt;
        ++in_work_;
        return pieces_[next_++];
    }

    /// Whether there is no use in going on.
    [[nodiscard]] bool over() {
        const std::lock_guard lock(mutex_);
        return is_over();
    }

    void note(PieceIndex piece, const Result<Verdict>& verdict) {
        if (verdict && options_.progress) {
            boost::asio::post(executor_, [self = shared_from_this(), piece, verdict = *verdict] {
                self->options_.progress(piece, verdict);
            });
        }
        {
            const std::lock_guard lock(mutex_);
            if (!verdict && !error_) error_ = verdict.error();
            if (verdict && *verdict == Verdict::good) good_.set(piece);
            --in_work_;
        }
        end_if_through();
    }

    void abandon() {
        {
            const std::lock_guard lock(mutex_);
            if (!error_) error_ = stopped_error();
        }
        end_if_through();
    }

    void end_if_through() {
        Handler handler;
        Result<Bitfield> result;
        {
            const std::lock_guard lock(mutex_);
            if (!handler_ || in_work_ > 0 || (next_ < pieces_.size() && !error_)) return;
            handler = std::exchange(handler_, nullptr);
            if (error_) {
                result = std::unexpected(*error_);
            } else {
                result = std::move(good_);
            }
        }
        // Whoever hears of the end may want the files for themselves.
        storage_.reset();
        handler(std::move(result));
    }

  private:
    bool is_over() {
        if (!error_ && options_.stop.stop_requested()) error_ = stopped_error();
        return error_.has_value();
    }

    std::shared_ptr<Storage> storage_;  ///< let go at the end
    const std::vector<PieceIndex> pieces_;
    const CheckOptions options_;
    const boost::asio::any_io_executor executor_;

    std::mutex mutex_;  ///< guards what follows
    Handler handler_;
    std::size_t next_ = 0;
    std::size_t in_work_ = 0;
    Bitfield good_;
    std::optional<Error> error_;
};

namespace {

/// One piece of a check.
class CheckedPiece final : public PieceTask {
  public:
    CheckedPiece(std::shared_ptr<CheckList::Check> check, PieceIndex piece)
        : PieceTask(check->storage().layout(), metainfo::checked_format(check->storage().info()),
                    piece),
          check_(std::move(check)) {}

    void read_ahead(const BlockRange& range) override { check_->storage().read_ahead(range); }
    Mapping map(const BlockRange& range) override {
        return check_->over() ? Mapping() : check_->storage().map(range);
    }

    Result<Bytes> read(std::uint32_t offset, MutableBytes scratch) override {
        if (check_->over()) return std::unexpected(stopped_error());
        auto done = check_->storage().read(piece(), offset, scratch);
        if (!done) return std::unexpected(done.error());
        return scratch;
    }

    void end(const Result<PieceDigests>& result) override {
        check_->note(piece(), verdict(result));
    }

  private:
    [[nodiscard]] Result<Verdict> verdict(const Result<PieceDigests>& result) const {
        if (result) return metainfo::judge(check_->storage().info(), piece(), *result);
        if (is_absence(result.error())) return Verdict::bad;
        return std::unexpected(result.error());
    }

    const std::shared_ptr<CheckList::Check> check_;
};

}  // namespace

void CheckList::add(std::shared_ptr<Storage> storage, std::vector<PieceIndex> pieces,
                    CheckOptions options, boost::asio::any_io_executor executor, Handler handler) {
    auto check = std::make_shared<Check>(std::move(storage), std::move(pieces), std::move(options),
                                         std::move(executor), std::move(handler));
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(check));
}

void CheckList::fill(PieceBatch& batch) {
    std::vector<std::shared_ptr<Check>> through;
    {
        const std::lock_guard lock(mutex_);
        while (!batch.full() && !waiting_.empty()) {
            std::shared_ptr<Check> check = std::move(waiting_.front());
            waiting_.pop_front();
            std::optional<PieceIndex> piece;
            while (!batch.full() && (piece = check->take())) {
                batch.add(std::make_unique<CheckedPiece>(check, *piece));
            }
            (piece ? waiting_.emplace_back() : through.emplace_back()) = std::move(check);
        }
    }
    for (const auto& check : through) check->end_if_through();
}

void CheckList::abandon() {
    std::deque<std::shared_ptr<Check>> checks;
    {
        const std::lock_guard lock(mutex_);
        checks.swap(waiting_);
    }
    for (const auto& check : checks) check->abandon();
}

bool CheckList::empty() const {
    const std::lock_guard lock(mutex_);
    return waiting_.empty();
}

}  // namespace shoal::disk
