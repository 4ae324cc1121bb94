#include "faulty_file_system.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace shoal::disk::testing {
namespace {

constexpr ByteCount page = 4096;
constexpr FileTime tick = 1'000'000;

std::vector<std::string> components(std::string_view path) {
    std::vector<std::string> found;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        if (slash != 0) found.emplace_back(path.substr(0, slash));
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return found;
}

}  // namespace

/// Bytes of a file, page by page; what is not there is a hole.
struct FaultyFileSystem::Content {
    ByteCount size = 0;
    std::map<ByteCount, std::string> pages;

    void write(ByteCount offset, std::string_view bytes) {
        size = std::max(size, offset + std::ssize(bytes));
        while (!bytes.empty()) {
            std::string& into = pages[offset / page];
            into.resize(page);
            const ByteCount inside = offset % page;
            const auto part = static_cast<std::size_t>(std::min(page - inside, std::ssize(bytes)));
            into.replace(static_cast<std::size_t>(inside), part, bytes.substr(0, part));
            offset += static_cast<ByteCount>(part);
            bytes.remove_prefix(part);
        }
    }
    void resize(ByteCount to) {
        size = to;
        pages.erase(pages.lower_bound((to + page - 1) / page), pages.end());
        if (to % page == 0) return;
        const auto last = pages.find(to / page);
        if (last != pages.end()) {
            std::fill(last->second.begin() + to % page, last->second.end(), '\0');
        }
    }
    [[nodiscard]] std::string read(ByteCount offset, ByteCount length) const {
        std::string bytes;
        const ByteCount end = std::min(size, offset + length);
        while (offset < end) {
            const ByteCount part = std::min(page - offset % page, end - offset);
            const auto found = pages.find(offset / page);
            bytes += found == pages.end()
                         ? std::string(static_cast<std::size_t>(part), '\0')
                         : found->second.substr(static_cast<std::size_t>(offset % page),
                                                static_cast<std::size_t>(part));
            offset += part;
        }
        return bytes;
    }
};

struct FaultyFileSystem::Node {
    /// A write, or with no bytes a change of size, that a power cut may undo.
    struct Change {
        ByteCount offset = 0;
        std::string bytes;
        bool resize = false;
    };

    bool folder = false;
    std::uint64_t number = 0;
    bool linked = true;
    bool locked = false;
    FileTime modified = 0;
    FileTime durable_modified = 0;
    Content content;
    Content durable;
    std::vector<Change> pending;
    std::map<std::string, std::shared_ptr<Node>> entries;
    std::map<std::string, std::shared_ptr<Node>> durable_entries;
};

/// A name that was made, removed or moved, not yet safe from a power cut.
struct FaultyFileSystem::NameChange {
    std::shared_ptr<Node> from;  ///< none: made anew
    std::string from_name;
    std::shared_ptr<Node> to;  ///< none: removed
    std::string to_name;
    std::shared_ptr<Node> node;

    void make_durable() const {
        if (from) {
            const auto found = from->durable_entries.find(from_name);
            if (found != from->durable_entries.end() && found->second == node) {
                from->durable_entries.erase(found);
            }
        }
        if (to) to->durable_entries[to_name] = node;
    }
};

struct FaultyFileSystem::State {
    mutable std::mutex mutex;
    std::function<std::optional<Fault>(Op, const std::string&)> fault;
    std::shared_ptr<Node> root;
    std::vector<NameChange> names;
    ByteCount capacity = 0;
    std::uint64_t changes = 0;
    std::optional<std::uint64_t> cut_after;
    bool dead = false;
    std::uint64_t epoch = 0;  ///< what was opened in another one is useless
    std::uint64_t next_number = 1;
    FileTime time = 1'700'000'000'000'000'000;

    /// To be called before the lock is taken.
    Result<void> ask(Op op, const std::string& path) {
        std::function<std::optional<Fault>(Op, const std::string&)> copy;
        {
            const std::lock_guard lock(mutex);
            copy = fault;
        }
        if (!copy) return {};
        if (const auto found = copy(op, path)) return fail(found->code, "{}", found->message);
        return {};
    }

    /// To be called under the lock by every operation; changing ones count.
    Result<void> enter(std::uint64_t opened_in, bool changing) {
        if (opened_in != epoch) return fail(ErrorCode::failed, "opened before the restart");
        if (changing && !dead) {
            if (cut_after && changes >= *cut_after) dead = true;
            ++changes;
        }
        if (dead) return fail(ErrorCode::failed, "the power is off");
        time += tick;
        return {};
    }

    std::shared_ptr<Node> make(bool folder) {
        auto node = std::make_shared<Node>();
        node->folder = folder;
        node->number = next_number++;
        node->modified = node->durable_modified = time;
        return node;
    }

    static Result<std::shared_ptr<Node>> find(std::shared_ptr<Node> from, std::string_view path) {
        for (const std::string& name : components(path)) {
            if (!from->folder) return fail(ErrorCode::bad_data, "'{}' is no folder", path);
            const auto found = from->entries.find(name);
            if (found == from->entries.end()) {
                return fail(ErrorCode::not_found, "'{}' does not exist", path);
            }
            from = found->second;
        }
        return from;
    }

    /// The folder that a path lies in, and its last component.
    static Result<std::pair<std::shared_ptr<Node>, std::string>> parent(std::shared_ptr<Node> from,
                                                                        std::string_view path) {
        if (!is_plain_path(path)) return fail(ErrorCode::refused, "'{}' is not plain", path);
        const std::size_t slash = path.rfind('/');
        const bool deep = slash != std::string_view::npos;
        auto folder = find(std::move(from), deep ? path.substr(0, slash) : std::string_view());
        if (!folder) return std::unexpected(folder.error());
        if (!(*folder)->folder) return fail(ErrorCode::bad_data, "'{}' is in a file", path);
        return std::pair(*folder, std::string(deep ? path.substr(slash + 1) : path));
    }

    void change_name(NameChange change) {
        if (change.from) change.from->entries.erase(change.from_name);
        if (change.to) change.to->entries[change.to_name] = change.node;
        names.push_back(std::move(change));
    }

    static void unlink(Node& node) {
        node.linked = false;
        for (auto& [name, below] : node.entries) unlink(*below);
    }

    /// Of the node and all below it.
    static void sync_content(Node& node) {
        node.durable = node.content;
        node.pending.clear();
        for (const auto& [name, below] : node.entries) sync_content(*below);
    }

    static ByteCount used(const Node& node) {
        ByteCount bytes = std::ssize(node.content.pages) * page;
        for (const auto& [name, below] : node.entries) bytes += used(*below);
        return bytes;
    }

    static FileStatus status_of(const Node& node) {
        return {.kind = node.folder ? FileKind::folder : FileKind::file,
                .size = node.content.size,
                .allocated = std::ssize(node.content.pages) * page,
                .modified = node.modified,
                .links = node.linked ? 1u : 0u,
                .device = 1,
                .inode = node.number};
    }
};

class FaultyFileSystem::OpenFile final : public File {
  public:
    OpenFile(std::shared_ptr<State> state, std::shared_ptr<Node> node, std::string path,
             bool writable)
        : state_(std::move(state)),
          node_(std::move(node)),
          path_(std::move(path)),
          epoch_(state_->epoch),
          writable_(writable) {}
    ~OpenFile() override {
        const std::lock_guard lock(state_->mutex);
        if (holds_lock_ && state_->epoch == epoch_) node_->locked = false;
    }

    Result<std::size_t> read(ByteCount offset, std::span<const MutableBytes> to) const override {
        if (auto done = state_->ask(Op::read, path_); !done) return std::unexpected(done.error());
        const std::lock_guard lock(state_->mutex);
        if (auto done = state_->enter(epoch_, false); !done) return std::unexpected(done.error());
        std::size_t filled = 0;
        for (const MutableBytes part : to) {
            const std::string bytes =
                node_->content.read(offset + static_cast<ByteCount>(filled), std::ssize(part));
            std::memcpy(part.data(), bytes.data(), bytes.size());
            filled += bytes.size();
        }
        return filled;
    }

    Result<void> write(ByteCount offset, std::span<const Bytes> from) override {
        if (auto done = state_->ask(Op::write, path_); !done) return done;
        const std::lock_guard lock(state_->mutex);
        if (auto done = state_->enter(epoch_, true); !done) return done;
        if (!writable_) return fail(ErrorCode::refused, "'{}' is open for reading", path_);
        std::string bytes;
        for (const Bytes part : from) bytes += text_of(part);
        Content after = node_->content;
        after.write(offset, bytes);
        const ByteCount more = (std::ssize(after.pages) - std::ssize(node_->content.pages)) * page;
        if (state_->capacity > 0 && State::used(*state_->root) + more > state_->capacity) {
            return fail(ErrorCode::no_space, "cannot write '{}': the disk is full", path_);
        }
        node_->content = std::move(after);
        node_->pending.push_back({offset, std::move(bytes), false});
        node_->modified = state_->time;
        return {};
    }

    Result<void> sync() override {
        if (auto done = state_->ask(Op::sync_file, path_); !done) return done;
        const std::lock_guard lock(state_->mutex);
        if (auto done = state_->enter(epoch_, true); !done) return done;
        State::sync_content(*node_);
        return {};
    }

    Result<void> resize(ByteCount size) override {
        if (auto done = state_->ask(Op::resize, path_); !done) return done;
        const std::lock_guard lock(state_->mutex);
        if (auto done = state_->enter(epoch_, true); !done) return done;
        node_->content.resize(size);
        node_->pending.push_back({size, {}, true});
        node_->modified = state_->time;
        return {};
    }

    Result<FileStatus> status() const override {
        const std::lock_guard lock(state_->mutex);
        if (auto done = state_->enter(epoch_, false); !done) return std::unexpected(done.error());
        return State::status_of(*node_);
    }

    Result<std::optional<ByteCount>> next_data(ByteCount offset) const override {
        const std::lock_guard lock(state_->mutex);
        const auto& pages = node_->content.pages;
        const auto found = pages.lower_bound(offset / page);
        if (found == pages.end() || offset >= node_->content.size) {
            return std::optional<ByteCount>();
        }
        return std::optional(std::max(offset, found->first * page));
    }

    Result<std::optional<ByteCount>> next_hole(ByteCount offset) const override {
        const std::lock_guard lock(state_->mutex);
        if (offset >= node_->content.size) return std::optional<ByteCount>();
        ByteCount at = offset / page;
        while (node_->content.pages.contains(at)) ++at;
        return std::optional(std::min(node_->content.size, std::max(offset, at * page)));
    }

    bool is_cached(ByteCount, ByteCount) const override { return true; }

    Result<void> lock() override {
        const std::lock_guard lock(state_->mutex);
        if (node_->locked) return fail(ErrorCode::refused, "'{}' is locked", path_);
        node_->locked = holds_lock_ = true;
        return {};
    }

  private:
    const std::shared_ptr<State> state_;
    const std::shared_ptr<Node> node_;
    const std::string path_;
    const std::uint64_t epoch_;
    const bool writable_;
    bool holds_lock_ = false;
};

class FaultyFileSystem::OpenFolder final : public Folder {
  public:
    OpenFolder(std::shared_ptr<State> state, std::shared_ptr<Node> node, std::string name)
        : state_(std::move(state)),
          node_(std::move(node)),
          name_(std::move(name)),
          epoch_(state_->epoch) {}

    const std::string& name() const override { return name_; }

    Result<std::shared_ptr<File>> open(std::string_view path, Access access) override {
        const bool create = access == Access::create || access == Access::create_program;
        const std::string whole = shown(path);
        if (create) {
            if (auto done = state_->ask(Op::create, whole); !done) {
                return std::unexpected(done.error());
            }
        }
        const std::lock_guard lock(state_->mutex);
        auto place = locate(path, false);
        if (!place) return std::unexpected(place.error());
        auto& [folder, name] = *place;
        auto& entries = folder->entries;
        if (!entries.contains(name)) {
            if (!create || !folder->linked) {
                return fail(ErrorCode::not_found, "'{}' does not exist", whole);
            }
            if (auto done = state_->enter(epoch_, true); !done) {
                return std::unexpected(done.error());
            }
            state_->change_name({nullptr, {}, folder, name, state_->make(false)});
        }
        const auto node = entries.at(name);
        if (node->folder) return fail(ErrorCode::bad_data, "'{}' is a folder", whole);
        return std::make_shared<OpenFile>(state_, node, whole, access != Access::read);
    }

    Result<std::shared_ptr<Folder>> open_folder(std::string_view path) override {
        const std::lock_guard lock(state_->mutex);
        if (auto done = state_->enter(epoch_, false); !done) return std::unexpected(done.error());
        auto found = State::find(node_, path);
        if (!found) return std::unexpected(found.error());
        if (!(*found)->folder) return fail(ErrorCode::bad_data, "'{}' is a file", shown(path));
        return std::make_shared<OpenFolder>(state_, *found, shown(path));
    }

    Result<void> make_folder(std::string_view path) override {
        if (auto done = state_->ask(Op::create, shown(path)); !done) return done;
        const std::lock_guard lock(state_->mutex);
        std::shared_ptr<Node> current = node_;
        for (const std::string& name : components(path)) {
            if (!current->folder) return fail(ErrorCode::bad_data, "'{}' is in a file", path);
            if (!current->entries.contains(name)) {
                if (auto done = state_->enter(epoch_, true); !done) return done;
                state_->change_name({nullptr, {}, current, name, state_->make(true)});
            }
            current = current->entries.at(name);
        }
        return {};
    }

    Result<FileStatus> status(std::string_view path) override {
        const std::lock_guard lock(state_->mutex);
        if (auto done = state_->enter(epoch_, false); !done) return std::unexpected(done.error());
        const auto found = State::find(node_, path);
        if (!found) return std::unexpected(found.error());
        return State::status_of(**found);
    }

    Result<FileStatus> status() override { return status({}); }

    Result<std::vector<std::string>> list() override {
        const std::lock_guard lock(state_->mutex);
        if (auto done = state_->enter(epoch_, false); !done) return std::unexpected(done.error());
        std::vector<std::string> names;
        for (const auto& [name, node] : node_->entries) names.push_back(name);
        return names;
    }

    Result<void> rename(std::string_view from, Folder& to_folder, std::string_view to,
                        Existing existing) override {
        if (auto done = state_->ask(Op::rename, shown(from)); !done) return done;
        const std::lock_guard lock(state_->mutex);
        auto source = locate(from, true);
        if (!source) return std::unexpected(source.error());
        auto target = State::parent(dynamic_cast<OpenFolder&>(to_folder).node_, to);
        if (!target) return std::unexpected(target.error());
        const auto found = source->first->entries.find(source->second);
        if (found == source->first->entries.end()) {
            return fail(ErrorCode::not_found, "'{}' does not exist", shown(from));
        }
        const auto taken = target->first->entries.find(target->second);
        if (taken != target->first->entries.end()) {
            if (existing == Existing::keep) return fail(ErrorCode::refused, "'{}' exists", to);
            State::unlink(*taken->second);
        }
        const auto node = found->second;
        state_->change_name({source->first, source->second, target->first, target->second, node});
        return {};
    }

    Result<void> remove(std::string_view path) override {
        if (auto done = state_->ask(Op::remove, shown(path)); !done) return done;
        const std::lock_guard lock(state_->mutex);
        return remove_locked(path, false);
    }

    Result<void> remove_tree(std::string_view path) override {
        if (auto done = state_->ask(Op::remove, shown(path)); !done) return done;
        const std::lock_guard lock(state_->mutex);
        const auto done = remove_locked(path, true);
        if (!done && done.error().code == ErrorCode::not_found) return {};
        return done;
    }

    Result<void> sync() override {
        if (auto done = state_->ask(Op::sync_folder, name_); !done) return done;
        const std::lock_guard lock(state_->mutex);
        if (auto done = state_->enter(epoch_, true); !done) return done;
        std::erase_if(state_->names, [&](const NameChange& change) {
            // A move is safe once the folder that it went to was synced, and not before.
            if ((change.to ? change.to : change.from) != node_) return false;
            change.make_durable();
            return true;
        });
        return {};
    }

    Result<void> sync_file_system() override {
        if (auto done = state_->ask(Op::sync_file, name_); !done) return done;
        const std::lock_guard lock(state_->mutex);
        if (auto done = state_->enter(epoch_, true); !done) return done;
        State::sync_content(*state_->root);
        return {};
    }

    Result<ByteCount> free_space() override {
        const std::lock_guard lock(state_->mutex);
        if (state_->capacity == 0) return ByteCount{1} << 50;
        return std::max<ByteCount>(0, state_->capacity - State::used(*state_->root));
    }

  private:
    [[nodiscard]] std::string shown(std::string_view path) const {
        return fmt::format("{}/{}", name_, path);
    }

    Result<std::pair<std::shared_ptr<Node>, std::string>> locate(std::string_view path,
                                                                 bool changing) {
        if (auto done = state_->enter(epoch_, changing); !done) {
            return std::unexpected(done.error());
        }
        return State::parent(node_, path);
    }

    Result<void> remove_locked(std::string_view path, bool tree) {
        auto place = locate(path, true);
        if (!place) return std::unexpected(place.error());
        auto& [folder, name] = *place;
        const auto found = folder->entries.find(name);
        if (found == folder->entries.end()) {
            return fail(ErrorCode::not_found, "'{}' does not exist", shown(path));
        }
        const auto node = found->second;
        if (!tree && !node->entries.empty()) {
            return fail(ErrorCode::refused, "'{}' is not empty", shown(path));
        }
        State::unlink(*node);
        state_->change_name({folder, name, nullptr, {}, node});
        return {};
    }

    const std::shared_ptr<State> state_;
    const std::shared_ptr<Node> node_;
    const std::string name_;
    const std::uint64_t epoch_;
};

FaultyFileSystem::FaultyFileSystem() : state_(std::make_shared<State>()) {
    state_->root = state_->make(true);
}

FaultyFileSystem::~FaultyFileSystem() = default;

Result<std::shared_ptr<Folder>> FaultyFileSystem::open_folder(const std::filesystem::path& path,
                                                              bool create) {
    const std::lock_guard lock(state_->mutex);
    if (auto done = state_->enter(state_->epoch, false); !done) {
        return std::unexpected(done.error());
    }
    std::shared_ptr<Node> current = state_->root;
    for (const std::string& name : components(path.native())) {
        if (!current->entries.contains(name)) {
            if (!create) return fail(ErrorCode::not_found, "'{}' does not exist", path.native());
            // As the real one does, each is safe before it is used.
            state_->change_name({nullptr, {}, current, name, state_->make(true)});
            state_->names.back().make_durable();
            state_->names.pop_back();
        }
        current = current->entries.at(name);
        if (!current->folder) return fail(ErrorCode::bad_data, "'{}' is a file", path.native());
    }
    return std::make_shared<OpenFolder>(state_, current, path.native());
}

Result<FileStatus> FaultyFileSystem::status(const std::filesystem::path& path) {
    const std::lock_guard lock(state_->mutex);
    const auto found = State::find(state_->root, path.native());
    if (!found) return std::unexpected(found.error());
    return State::status_of(**found);
}

Result<std::filesystem::path> FaultyFileSystem::resolve(const std::filesystem::path& path) {
    return path;
}

FileTime FaultyFileSystem::now() {
    const std::lock_guard lock(state_->mutex);
    return state_->time += tick;
}

void FaultyFileSystem::set_fault(
    std::function<std::optional<Fault>(Op, const std::string& path)> fault) {
    const std::lock_guard lock(state_->mutex);
    state_->fault = std::move(fault);
}

void FaultyFileSystem::set_capacity(ByteCount bytes) {
    const std::lock_guard lock(state_->mutex);
    state_->capacity = bytes;
}

void FaultyFileSystem::cut_power_after(std::uint64_t changes) {
    const std::lock_guard lock(state_->mutex);
    state_->cut_after = state_->changes + changes;
}

bool FaultyFileSystem::is_dead() const {
    const std::lock_guard lock(state_->mutex);
    return state_->dead;
}

std::uint64_t FaultyFileSystem::changes() const {
    const std::lock_guard lock(state_->mutex);
    return state_->changes;
}

void FaultyFileSystem::restart(Random& random, double chance) {
    const std::lock_guard lock(state_->mutex);
    for (const NameChange& change : state_->names) {
        if (random.fraction() < chance) change.make_durable();
    }
    state_->names.clear();
    const auto settle = [&](auto& self, Node& node) -> void {
        node.entries = node.durable_entries;
        node.locked = false;
        node.linked = true;
        for (const Node::Change& change : node.pending) {
            if (random.fraction() >= chance) continue;
            if (change.resize) {
                node.durable.resize(change.offset);
                continue;
            }
            const std::size_t kept =
                random.below(2) == 0 ? change.bytes.size() : random.below(change.bytes.size() + 1);
            node.durable.write(change.offset, std::string_view(change.bytes).substr(0, kept));
        }
        node.pending.clear();
        node.content = node.durable;
        // Times are written back whenever the system likes.
        if (random.fraction() < chance) node.durable_modified = node.modified;
        node.modified = node.durable_modified;
        for (auto& [name, below] : node.entries) self(self, *below);
    };
    settle(settle, *state_->root);
    state_->dead = false;
    state_->cut_after.reset();
    ++state_->epoch;
}

void FaultyFileSystem::kill() {
    const std::lock_guard lock(state_->mutex);
    const auto unlock = [&](auto& self, Node& node) -> void {
        node.locked = false;
        for (auto& [name, below] : node.entries) self(self, *below);
    };
    unlock(unlock, *state_->root);
    state_->dead = false;
    state_->cut_after.reset();
    ++state_->epoch;
}

void FaultyFileSystem::vanish(const std::string& path) {
    const std::lock_guard lock(state_->mutex);
    const auto names = components(path);
    std::shared_ptr<Node> folder = state_->root;
    for (std::size_t i = 0; i + 1 < names.size(); ++i) folder = folder->entries.at(names[i]);
    State::unlink(*folder->entries.at(names.back()));
    folder->entries.erase(names.back());
    folder->durable_entries.erase(names.back());
}

void FaultyFileSystem::damage(const std::string& path, ByteCount offset) {
    const std::lock_guard lock(state_->mutex);
    const auto node = State::find(state_->root, path).value();
    std::string byte = node->content.read(offset, 1);
    byte[0] = static_cast<char>(byte[0] ^ 1);
    node->content.write(offset, byte);
    node->durable = node->content;
    node->modified = node->durable_modified = state_->time += tick;
}

std::optional<std::string> FaultyFileSystem::content(const std::string& path) {
    const std::lock_guard lock(state_->mutex);
    const auto node = State::find(state_->root, path);
    if (!node || (*node)->folder) return std::nullopt;
    return (*node)->content.read(0, (*node)->content.size);
}

bool FaultyFileSystem::exists(const std::string& path) {
    const std::lock_guard lock(state_->mutex);
    return State::find(state_->root, path).has_value();
}

void FaultyFileSystem::advance(FileTime by) {
    const std::lock_guard lock(state_->mutex);
    state_->time += by;
}

}  // namespace shoal::disk::testing
