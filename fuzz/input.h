// Takes a fuzzer's bytes apart; after their end every number is zero.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }

    std::uint8_t byte() {
        if (rest_.empty()) return 0;
        const std::uint8_t first = rest_.front();
        rest_ = rest_.subspan(1);
        return first;
    }
    bool flag() { return (byte() & 1) != 0; }
    /// A number in [0, bound); bound must be positive and at most 65536.
    std::uint32_t below(std::uint32_t bound) {
        const std::uint32_t high = bound > 256 ? std::uint32_t{byte()} << 8 : 0;
        return (high | byte()) % bound;
    }
    /// All that is left.
    std::span<const std::uint8_t> rest() { return rest_; }

  private:
    std::span<const std::uint8_t> rest_;
};
