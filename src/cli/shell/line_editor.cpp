#include "cli/shell/line_editor.h"

#include <algorithm>
#include <atomic>
#include <clocale>
#include <cstdio>
#include <deque>
#include <histedit.h>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/shell/history.h"

namespace shoal::cli {
namespace {

constexpr int idle_period = 500;  ///< milliseconds
constexpr std::size_t max_answer = 1024;
constexpr std::size_t max_notices = 1000;
constexpr unsigned char ctrl_c = 3;
constexpr unsigned char ctrl_d = 4;

/// The length of a character by its first byte; 0 for a byte that begins none.
std::size_t length_of(unsigned char first) {
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

wchar_t decode(std::string_view character) {
    constexpr unsigned char marks[] = {0x7f, 0x1f, 0x0f, 0x07};
    auto code = static_cast<unsigned>(static_cast<unsigned char>(character.front()) &
                                      marks[character.size() - 1]);
    for (const char c : character.substr(1)) {
        code = code << 6 | (static_cast<unsigned char>(c) & 0x3fu);
    }
    return static_cast<wchar_t>(code);
}

int count_characters(std::string_view text) {
    return static_cast<int>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// Removes the last character.
void shorten(std::string& text) {
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) {
        text.pop_back();
    }
    if (!text.empty()) text.pop_back();
}

/// Sends every key to us as it is pressed, without showing it, for as long as it lives.
class RawKeys {
  public:
    RawKeys() {
        known_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
        if (!known_) return;
        termios raw = before_;
        raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
        ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    }
    ~RawKeys() {
        if (known_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    }
    RawKeys(const RawKeys&) = delete;
    RawKeys& operator=(const RawKeys&) = delete;

  private:
    termios before_{};
    bool known_ = false;
};

}  // namespace

bool terminal_is_ours() {
    return ::isatty(STDIN_FILENO) == 1 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
}

class LineEditor::Impl {
  public:
    explicit Impl(LineEditorOptions options)
        : options_(std::move(options)),
          history_(options_.history),
          wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          output_(::isatty(STDOUT_FILENO) == 1 ? stdout : stderr) {}

    ~Impl() {
        release();
        ::close(wake_);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    std::optional<std::string> read() {
        if (closed_) return std::nullopt;
        if (editor_ == nullptr) begin();
        el_resize(editor_);
        reading_ = true;
        int bytes = 0;
        const char* line = el_gets(editor_, &bytes);
        reading_ = false;
        if (line == nullptr || bytes <= 0 || closed_) {
            print("\n");
            return std::nullopt;
        }
        std::string text(line, static_cast<std::size_t>(bytes));
        while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
        return text;
    }

    void remember(std::string_view line) {
        if (line.find_first_not_of(" \t") == std::string_view::npos) return;
        if (editor_ != nullptr) enter(std::string(line));
        if (history_.add(line) && !history_.save()) return;  // a convenience, no reason to complain
    }

    Result<std::string> ask(std::string_view question, bool secret) {
        const RawKeys raw;
        print(fmt::format("{}: ", question));
        std::string answer;
        for (;;) {
            const auto byte = next_byte();
            if (!byte || *byte == ctrl_c || (*byte == ctrl_d && answer.empty())) {
                print("\n");
                return fail(ErrorCode::cancelled, "nothing was given");
            }
            if (*byte == '\n' || *byte == '\r') break;
            const bool deletes = *byte == '\b' || *byte == 0x7f;
            if (deletes) {
                shorten(answer);
            } else {
                answer += static_cast<char>(*byte);
            }
            if (answer.size() > max_answer) {
                print("\n");
                return fail(ErrorCode::bad_data, "more than {} bytes", max_answer);
            }
            if (!secret) print(fmt::format("\r\x1b[K{}: {}", question, printable(answer)));
        }
        print("\n");
        return answer;
    }

    void say(std::string_view line) {
        if (!reading_) return print(fmt::format("{}\n", line));
        print(fmt::format("\r\x1b[K{}\n", line));
        el_set(editor_, EL_REFRESH);
    }

    void notify(std::string_view line) {
        {
            const std::lock_guard lock(notices_mutex_);
            if (notices_.size() == max_notices) return;  // a log that nobody could read anyway
            notices_.emplace_back(line);
        }
        wake();
    }

    bool interrupted() {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        if (::poll(&input, 1, 0) == 1) take_input();
        const auto pressed = std::ranges::find(keys_, ctrl_c);
        if (pressed == keys_.end()) return false;
        keys_.erase(keys_.begin(), pressed + 1);
        return true;
    }

    void close() {
        closed_ = true;
        wake();
    }

    void release() {
        closed_ = true;
        show_notices();
        if (editor_ == nullptr) return;
        el_end(editor_);
        history_end(lines_);
        editor_ = nullptr;
        if (locale_ == nullptr) return;
        ::uselocale(former_locale_);
        ::freelocale(locale_);
        locale_ = nullptr;
    }

  private:
    static Impl& self(EditLine* editor) {
        void* impl = nullptr;
        el_get(editor, EL_CLIENTDATA, &impl);
        return *static_cast<Impl*>(impl);
    }

    /// Takes the terminal. The thread's locale makes libedit read and write UTF-8, whatever the
    /// user's environment says.
    void begin() {
        locale_ = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
        if (locale_ != nullptr) former_locale_ = ::uselocale(locale_);
        editor_ = el_init("shoal", stdin, output_, stderr);
        el_set(editor_, EL_CLIENTDATA, this);
        el_set(editor_, EL_SIGNAL, 0);
        el_set(editor_, EL_EDITOR, "emacs");
        el_set(
            editor_, EL_PROMPT, +[](EditLine* editor) {
                return const_cast<char*>(self(editor).options_.prompt.c_str());
            });
        el_set(
            editor_, EL_GETCFN,
            +[](EditLine* editor, wchar_t* character) { return self(editor).get(character); });
        // -d while a line is edited, -x while a command runs: keys can be looked at there as well,
        // and what is typed ahead is shown with the next prompt alone.
        el_set(editor_, EL_SETTY, "-d", "-isig", nullptr);
        el_set(editor_, EL_SETTY, "-x", "-isig", "-icanon", "-echo", nullptr);
        el_set(
            editor_, EL_ADDFN, "shoal-clear", "Clear the line",
            +[](EditLine* editor, int) { return self(editor).clear_line(); });
        el_set(
            editor_, EL_ADDFN, "shoal-complete", "Complete the word",
            +[](EditLine* editor, int) { return self(editor).complete(); });
        el_set(editor_, EL_BIND, "^C", "shoal-clear", nullptr);
        el_set(editor_, EL_BIND, "^I", "shoal-complete", nullptr);
        el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
        lines_ = history_init();
        HistEvent event{};
        ::history(lines_, &event, H_SETSIZE, static_cast<int>(History::max_lines));
        ::history(lines_, &event, H_SETUNIQUE, 1);
        el_set(editor_, EL_HIST, ::history, lines_);
        for (const std::string& line : history_.lines()) enter(line);
    }

    void wake() const {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
    }

    void show_notices() {
        std::vector<std::string> lines;
        {
            const std::lock_guard lock(notices_mutex_);
            lines.swap(notices_);
        }
        for (const std::string& line : lines) say(line);
    }

    void enter(const std::string& line) {
        HistEvent event{};
        ::history(lines_, &event, H_ENTER, line.c_str());
    }

    void print(std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), output_);
        std::fflush(output_);
    }

    /// What is there to be read, without waiting; false when the terminal has gone.
    bool take_input() {
        unsigned char bytes[256];
        const ssize_t n = ::read(STDIN_FILENO, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) return true;
        if (n <= 0) return false;
        keys_.insert(keys_.end(), bytes, bytes + n);
        return true;
    }

    /// Waits for a key; nothing: there will be none.
    std::optional<unsigned char> next_byte() {
        while (keys_.empty()) {
            if (closed_) return std::nullopt;
            pollfd sources[] = {{STDIN_FILENO, POLLIN, 0}, {wake_, POLLIN, 0}};
            const int ready = ::poll(sources, 2, idle_period);
            if (ready < 0 && errno != EINTR) return std::nullopt;
            if (ready == 0 && reading_ && options_.idle) options_.idle();
            if (ready > 0 && sources[1].revents != 0) {
                std::uint64_t times = 0;
                [[maybe_unused]] const ssize_t taken = ::read(wake_, &times, sizeof times);
            }
            if (reading_) show_notices();
            if (ready > 0 && sources[0].revents != 0 && !take_input()) return std::nullopt;
        }
        const unsigned char byte = keys_.front();
        keys_.pop_front();
        return byte;
    }

    /// For libedit: 1 and a character, or 0 at the end. Bytes that are no UTF-8 are left out.
    int get(wchar_t* character) {
        for (;;) {
            auto byte = next_byte();
            if (!byte) return 0;
            std::string bytes(1, static_cast<char>(*byte));
            for (std::size_t left = length_of(*byte); left > 1; --left) {
                byte = next_byte();
                if (!byte) return 0;
                bytes += static_cast<char>(*byte);
            }
            if (!is_valid_utf8(bytes)) continue;
            *character = decode(bytes);
            return 1;
        }
    }

    unsigned char clear_line() {
        const LineInfoW* line = el_wline(editor_);
        const auto length = static_cast<int>(line->lastchar - line->buffer);
        el_cursor(editor_, static_cast<int>(line->lastchar - line->cursor));
        el_deletestr(editor_, length);
        return CC_REFRESH;
    }

    unsigned char complete() {
        const LineInfo* info = el_line(editor_);
        const std::string line(info->buffer, info->cursor);
        const UnfinishedLine at = unfinished(line);
        auto fitting = options_.complete(at);
        std::erase_if(fitting, [](const std::string& one) { return printable(one) != one; });
        if (fitting.empty()) return CC_ERROR;
        const std::string common = common_start(fitting);
        const bool whole = fitting.size() == 1;
        if (whole || common.size() > at.word.size()) {
            // Behind a folder, more of the path is to come.
            const bool ends = whole && !common.ends_with('/');
            el_deletestr(editor_, count_characters(std::string_view(line).substr(at.at)));
            el_insertstr(editor_, (in_quotes(common, ends) + (ends ? " " : "")).c_str());
            return CC_REFRESH;
        }
        print("\n");
        for (const std::string& one : fitting) print(one + "\n");
        return CC_REDISPLAY;
    }

    LineEditorOptions options_;
    History history_;
    int wake_;
    std::FILE* output_;
    EditLine* editor_ = nullptr;
    ::History* lines_ = nullptr;
    locale_t locale_ = nullptr;
    locale_t former_locale_ = nullptr;
    std::deque<unsigned char> keys_;  ///< pressed and not yet used
    bool reading_ = false;
    std::atomic<bool> closed_ = false;
    std::mutex notices_mutex_;
    std::vector<std::string> notices_;  ///< of other threads
};

LineEditor::LineEditor(LineEditorOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read() {
    return impl_->read();
}

void LineEditor::remember(std::string_view line) {
    impl_->remember(line);
}

Result<std::string> LineEditor::ask(std::string_view question, bool secret) {
    return impl_->ask(question, secret);
}

void LineEditor::say(std::string_view line) {
    impl_->say(line);
}

bool LineEditor::interrupted() {
    return impl_->interrupted();
}

void LineEditor::notify(std::string_view line) {
    impl_->notify(line);
}

void LineEditor::release() {
    impl_->release();
}

void LineEditor::close() {
    impl_->close();
}

}  // namespace shoal::cli
