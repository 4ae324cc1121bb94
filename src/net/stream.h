// A reliable, ordered byte stream to one peer, whatever carries it.
#pragma once
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "net/endpoint.h"

namespace shoal::net {

enum class TransferStatus : std::uint8_t {
    done,         ///< at least one byte went through
    would_block,  ///< nothing now; wait until it is ready
    closed,       ///< the other side has ended the stream, in order
    failed,       ///< broken; see error
};

struct Transfer {
    TransferStatus status = TransferStatus::done;
    std::size_t bytes = 0;
    boost::system::error_code error;
};

/// Reading and writing never block and never allocate. Not thread-safe; lives on one executor.
class Stream {
  public:
    virtual ~Stream() = default;

    /// Reads what is there into the buffers, in order, at most `limit` bytes.
    virtual Transfer read(std::span<const MutableBytes> buffers, std::size_t limit) = 0;
    /// Writes as much as fits now, at most `limit` bytes.
    virtual Transfer write(std::span<const Bytes> buffers, std::size_t limit) = 0;
    /// So many bytes of what was written may wait in the system for the line; beyond it writing is
    /// not worth a try. A hint: not every platform takes it.
    virtual void limit_unsent(std::size_t bytes) = 0;

    /// Calls back once when reading (writing) is worth a try, or the stream is broken; never from
    /// within this call, and not at all after close(). One wait of each kind at a time.
    virtual void wait_readable(std::function<void()> ready) = 0;
    virtual void wait_writable(std::function<void()> ready) = 0;
    virtual void close() = 0;

    [[nodiscard]] virtual const TcpEndpoint& remote() const = 0;
};

}  // namespace shoal::net
