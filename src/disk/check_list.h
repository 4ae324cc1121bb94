// The checks of many pieces that are under way, and whose turn it is.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "base/bitfield.h"
#include "base/error.h"
#include "disk/piece_batch.h"
#include "disk/storage.h"
#include "metainfo/verdict.h"

namespace shoal::disk {

/// What a check of many pieces is to do besides.
struct CheckOptions {
    /// Called for every piece, in the order of their completion, on the executor of the handler.
    /// Pieces whose verdict is not good are bad or not there.
    std::function<void(PieceIndex, metainfo::Verdict)> progress;
    std::stop_token stop;  ///< the check then ends soon with `cancelled`
};

/// What ends work that was stopped.
Error stopped_error();

/// Checks wait here for threads to take their pieces, those of several checks at once where one
/// has too few. Thread-safe.
class CheckList {
  public:
    using Handler = std::move_only_function<void(Result<Bitfield>)>;
    class Check;

    /// The handler is called once, by whoever hashes the last piece or finds that the check is to
    /// end; the executor is for options.progress.
    void add(std::shared_ptr<Storage> storage, std::vector<PieceIndex> pieces, CheckOptions options,
             boost::asio::any_io_executor executor, Handler handler);

    /// Fills the batch with pieces of the check that waits longest, which then goes to the end, and
    /// of those after it. Ends checks that are through or were stopped.
    void fill(PieceBatch& batch);
    /// Ends all checks with `cancelled`, as soon as their pieces in batches have ended.
    void abandon();
    [[nodiscard]] bool empty() const;

  private:
    mutable std::mutex mutex_;
    std::deque<std::shared_ptr<Check>> waiting_;  ///< those with pieces that nobody took
};

}  // namespace shoal::disk
