// How much all request bodies of a server may hold together: many large ones at once must not take
// all memory. Inside src/http only.
#pragma once
#include <cstddef>
#include <utility>

namespace shoal::http {

/// Not thread-safe; outlives its shares.
class BodyBudget {
  public:
    explicit BodyBudget(std::size_t bytes) : left_(bytes) {}

  private:
    friend class BodyShare;
    std::size_t left_;
};

/// What one body has taken; given back at the end.
class BodyShare {
  public:
    BodyShare() = default;
    explicit BodyShare(BodyBudget& budget) : budget_(&budget) {}
    BodyShare(BodyShare&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), taken_(std::exchange(other.taken_, 0)) {}
    BodyShare& operator=(BodyShare&& other) noexcept {
        std::swap(budget_, other.budget_);
        std::swap(taken_, other.taken_);
        return *this;
    }
    ~BodyShare() { give_back(); }

    /// False, and nothing is taken, when there is not so much left.
    [[nodiscard]] bool take(std::size_t bytes) {
        if (budget_ == nullptr || budget_->left_ < bytes) return false;
        budget_->left_ -= bytes;
        taken_ += bytes;
        return true;
    }
    void give_back() {
        if (budget_ != nullptr) budget_->left_ += std::exchange(taken_, 0);
    }

  private:
    BodyBudget* budget_ = nullptr;
    std::size_t taken_ = 0;
};

}  // namespace shoal::http
