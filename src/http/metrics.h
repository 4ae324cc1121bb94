// What a program counts and measures of itself, as the text that Prometheus reads.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "http/message.h"

namespace shoal::http {

/// Holds no values but the functions that know them, which are asked while the text is made: what
/// is counted costs its owner an addition, and nothing here. Not thread-safe.
class Metrics {
  public:
    using Value = std::function<double()>;
    using Labels = std::vector<std::pair<std::string, std::string>>;

    /// Something that only grows, by a name that ends in `_total`, and something that goes up and
    /// down. Names and labels are words of the program's own. Of one name there may be several with
    /// different labels; the first one's help stays.
    void counter(const std::string& name, const std::string& help, Value value, Labels labels = {});
    void gauge(const std::string& name, const std::string& help, Value value, Labels labels = {});

    /// Answers with all of them, in the order in which they were added. Who may see them is the
    /// caller's business.
    void send(Response& response) const;

  private:
    enum class Kind : std::uint8_t { counter, gauge };
    struct Sample {
        Labels labels;
        Value value;
    };
    struct Family {
        std::string name;
        std::string help;
        Kind kind;
        std::vector<Sample> samples;
    };

    void add(Kind kind, const std::string& name, const std::string& help, Sample sample);

    std::vector<Family> families_;
};

}  // namespace shoal::http
