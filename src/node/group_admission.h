// The wall of a group: a caller is answered once the tracker has named its address.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "engine/session.h"

namespace shoal::node {

struct AdmissionLimits {
    std::size_t questions = 64;    ///< under way; further callers are turned away
    std::size_t callers = 32;      ///< waiting for one answer
    std::size_t addresses = 4096;  ///< remembered
    Duration yes = 30s;            ///< how long an answer holds
    Duration no = 1s;              ///< short, because a newcomer is known a moment later
    Duration outage = 10min;       ///< how long an old yes holds while the tracker cannot be asked
};

/// Asks about each address at most once at a time, and remembers the answers. Lives on the
/// session's thread; a shared_ptr has to hold it.
class GroupAdmission final : public engine::Admission,
                             public std::enable_shared_from_this<GroupAdmission> {
  public:
    /// Asks the tracker whether somebody of the group is at an address.
    using Ask = std::function<void(const net::Address&, std::function<void(Result<bool>)>)>;

    explicit GroupAdmission(AdmissionLimits limits = {}) : limits_(limits) {}

    /// Another group, or none (an empty function): what was known is forgotten.
    void set_group(Ask ask);
    /// The tracker's own address: it may always call, to see who is there.
    void trust(const net::Address& address) { trusted_.insert(address); }

    void ask(const net::Address& caller, std::function<void(bool)> answer) override;

  private:
    struct Entry {
        bool known = false;
        TimePoint answered{};
        std::vector<std::function<void(bool)>> waiting;  ///< while a question is under way
    };

    void on_answer(const net::Address& caller, const Result<bool>& answer);
    void make_room(TimePoint now);

    AdmissionLimits limits_;
    Ask ask_;
    std::uint64_t group_ = 0;  ///< counts the groups, so that answers of a former one are dropped
    std::set<net::Address> trusted_;
    std::map<net::Address, Entry> entries_;
    std::size_t questions_ = 0;
};

}  // namespace shoal::node
