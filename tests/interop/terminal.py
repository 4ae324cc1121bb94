"""A program as a person has it: with a terminal for its input, output and errors."""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time

from swarm_tools import PATIENCE

CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b[=>]|\x1b[()].|([\r\n\b])")


# A line of the log, which comes whenever it comes.
NOTICE = re.compile(r"^\d\d:\d\d:\d\d\.\d{3} \w+ .*\n", re.MULTILINE)


def shown(raw):
    """The lines on the screen after these characters, as far as a shell moves about in them."""
    lines, row, column = [""], 0, 0
    at = 0
    while at < len(raw):
        control = CONTROL.search(raw, at)
        end = control.start() if control else len(raw)
        text = "".join(c for c in raw[at:end] if c >= " ")
        lines[row] = lines[row][:column].ljust(column) + text + lines[row][column + len(text):]
        column += len(text)
        if not control:
            break
        at = control.end()
        number = int(control[1]) if (control[1] or "").isdigit() else 1
        match control[2] or control[3]:
            case "\r":
                column = 0
            case "\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
            case "\b":
                column = max(column - 1, 0)
            case "G":
                column = number - 1
            case "C":
                column += number
            case "D":
                column = max(column - number, 0)
            case "A":
                row = max(row - number, 0)
            case "K":
                lines[row] = lines[row][:column]
    return lines


class Terminal:
    """Ended with the test; its terminal is 200 columns wide."""

    def __init__(self, case, *argv, prompt, environment=None):
        self.prompt = prompt
        self._raw = b""
        self._changed = threading.Condition()
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.argv = [str(one) for one in argv]
        environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C", **(environment or {})}
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *self.argv], stdin=slave, stdout=slave,
            stderr=slave, start_new_session=True, env=environment,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        case.addCleanup(self.end)

    def _read(self):
        while True:
            try:
                part = os.read(self.master, 65536)
            except OSError:
                part = b""
            if not part:
                return
            with self._changed:
                self._raw += part
                self._changed.notify_all()

    def text(self, after=0):
        """What is shown from a line on, but for the log."""
        with self._changed:
            return self._text(after)

    def _lines(self):
        return shown(self._raw.decode(errors="replace"))

    def _text(self, after):
        return NOTICE.sub("", "\n".join(self._lines()[after:]))

    @property
    def last(self):
        """The number of the last line: a place to look from."""
        with self._changed:
            return len(self._lines()) - 1

    def wait(self, pattern, after=0, timeout=PATIENCE):
        """Waits until the pattern is shown from that line on, and returns the match."""
        end = time.monotonic() + timeout
        gone = False
        with self._changed:
            while True:
                text = self._text(after)
                found = re.search(pattern, text, re.MULTILINE)
                if found:
                    return found
                left = end - time.monotonic()
                if left <= 0 or gone:
                    raise AssertionError(f"never came: {pattern!r}\n{text}")
                # Once more after its end, because its last words may not have been read yet.
                gone = self.process.poll() is not None
                self._changed.wait(min(left, 1))

    def ready(self):
        """Waits for the first prompt."""
        self.wait(re.escape(self.prompt) + r"\Z")
        return self

    def keys(self, text):
        os.write(self.master, text.encode())

    def command(self, line):
        """Types a line; what it says, until the next prompt."""
        after = self.last
        self.keys(line + "\r")
        said = self.wait(rf"\A.*\n((?:.*\n)*){re.escape(self.prompt)}\Z", after)
        return said[1].rstrip("\n")

    def dialog(self, line, *answers):
        """Types a line and answers the questions that follow, each given as (question, answer);
        what is said after the last one."""
        after = self.last
        self.keys(line + "\r")
        for question, answer in answers:
            self.wait(rf"^{re.escape(question)}: \Z", after)
            after = self.last
            self.keys(answer + "\r")
        said = self.wait(rf"\A.*\n((?:.*\n)*){re.escape(self.prompt)}\Z", after)
        return said[1].rstrip("\n")

    def typed(self, text, pattern):
        """Types keys that end no line, waits for what is then shown, and clears the line."""
        after = self.last
        self.keys(text)
        found = self.wait(pattern, after)
        self.keys("\x03")
        self.wait(rf"^{re.escape(self.prompt)}\Z", after)
        return found

    def exit(self, timeout=PATIENCE):
        return self.process.wait(timeout)

    def is_as_before(self):
        """Whether the terminal is set as it was before the program came."""
        return termios.tcgetattr(self.slave)[:4] == self.before[:4]

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self.slave)
        self._reader.join(5)
        os.close(self.master)
