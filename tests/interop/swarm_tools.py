"""What the tests with real programs share: a network of their own, payloads, processes, torrents.

SHOAL names the program. SHOAL_SANITIZED=1 gives everything more time. A test waits for a
condition, never for a time; whatever it started is ended with it, even when it is killed itself.
"""
import collections
import ctypes
import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request

SHOAL = os.path.abspath(os.environ.get("SHOAL", "build/release/bin/shoal"))
SANITIZED = os.environ.get("SHOAL_SANITIZED") == "1"
PATIENCE = 240 if SANITIZED else 60
KIB, MIB = 1024, 1024 * 1024


# --- a network of its own -------------------------------------------------------------------

def isolate():
    """Moves this process, and all that it starts, into a network and a view of the file system of
    their own, where all of 10.77.0.0/16 is this machine. Ports then collide with nobody's, and
    clients that refuse 127.0.0.0/8 are content. Nothing is left of it when the process ends. To be
    called before any thread is started. False where the system does not allow it."""
    new_mounts, new_user, new_network = 0x20000, 0x10000000, 0x40000000
    user, group = os.getuid(), os.getgid()
    flags = new_mounts | new_network | (new_user if user != 0 else 0)
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        return False
    if user != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"),
                           ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    for command in (["mount", "--make-rprivate", "/"], ["ip", "link", "set", "lo", "up"],
                    ["ip", "address", "add", "10.77.0.1/16", "dev", "lo"]):
        subprocess.run(command, check=True)
    return True


ISOLATED = isolate()
needs_isolation = unittest.skipUnless(
    ISOLATED, "the system allows no network of the test's own (root or user namespaces)")


class Addresses:
    """Hands out 10.77.x.y, each once."""

    def __init__(self):
        self._next = 256
        self._lock = threading.Lock()

    def fresh(self):
        with self._lock:
            self._next += 1
            return f"10.77.{self._next // 250}.{self._next % 250 + 1}"


ADDRESSES = Addresses()


# --- payloads -------------------------------------------------------------------------------

def make_file(path, size, seed):
    """The same bytes for the same seed; nothing that a compressing or sparse file could shorten."""
    chance = random.Random(seed)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        while size > 0:
            part = min(size, MIB)
            file.write(chance.randbytes(part))
            size -= part
    return path


def make_folder(path, seed, size=2 * MIB):
    """A folder as users have them: spaces, Vietnamese letters, an empty file, small files."""
    for i, (name, length) in enumerate((
            ("Bài giảng tuần 1.pdf", size + 123),
            ("thư mục có dấu/ảnh đẹp (1).jpg", size // 3),
            ("thư mục có dấu/sâu hơn nữa/x y z.bin", size // 2 - 1),
            ("nhỏ.txt", 5),
            ("empty file", 0))):
        make_file(os.path.join(path, name), length, f"{seed}-{i}")
    return path


def digest(path, empty_files=True):
    """One hash over a file, or over the names and contents of a folder."""
    whole = hashlib.sha256()
    paths = [path]
    if os.path.isdir(path):
        paths = sorted(os.path.join(folder, name)
                       for folder, _, names in os.walk(path) for name in names)
    for one in paths:
        if not empty_files and os.path.getsize(one) == 0:
            continue
        with open(one, "rb") as file:
            inner = hashlib.file_digest(file, "sha256").hexdigest()
        relative = os.path.relpath(one, path)
        whole.update(f"{relative}\0{inner}\n".encode())
    return whole.hexdigest()


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, (bytes, bytearray)):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, str):
        return bencode(value.encode())
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    return b"d" + b"".join(bencode(k) + bencode(value[k]) for k in sorted(value)) + b"e"


def bdecode(data):
    """A value and what stands behind it."""
    if data[:1] == b"i":
        number, _, rest = data[1:].partition(b"e")
        return int(number), rest
    if data[:1] in (b"l", b"d"):
        items, rest = [], data[1:]
        while rest[:1] != b"e":
            item, rest = bdecode(rest)
            items.append(item)
        whole = items if data[:1] == b"l" else dict(zip(items[::2], items[1::2]))
        return whole, rest[1:]
    length, _, rest = data.partition(b":")
    return rest[:int(length)], rest[int(length):]


def scrape(announce, info_hash):
    """(seeds, peers that are not, completed) of a swarm, by hexadecimal hash."""
    raw = bytes.fromhex(info_hash)
    url = announce.replace("/announce", "/scrape") + "?" + urllib.parse.urlencode(
        {"info_hash": raw})
    with urllib.request.urlopen(url, timeout=20) as reply:
        counts = bdecode(reply.read())[0][b"files"].get(raw, {})
    return tuple(counts.get(key, 0) for key in (b"complete", b"incomplete", b"downloaded"))


def wait_until(condition, what, timeout=PATIENCE, period=0.02):
    """Returns the first true value of the condition."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout} s in vain for {what}")
        time.sleep(period)


def together(*works):
    """Runs functions at once and waits for all; the first failure is raised."""
    failures = []

    def run(work):
        try:
            work()
        except BaseException as failure:  # handed to the caller below
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


# --- processes ------------------------------------------------------------------------------

Line = collections.namedtuple("Line", "time text")


class Program:
    """A process whose standard output is read line by line as it comes."""

    def __init__(self, argv, privileges=(), **options):
        self.argv = argv
        self._said = tempfile.TemporaryFile()
        # The kernel ends it should this process die without having done so.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *privileges, "--", *argv], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self._said, **options)
        self.lines = []
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(Line(time.monotonic(), line.decode(errors="replace").strip()))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def pid(self):
        return self.process.pid

    @property
    def errors(self):
        """What it has said on standard error so far."""
        size = os.fstat(self._said.fileno()).st_size
        return os.pread(self._said.fileno(), size, 0).decode(errors="replace")

    def _describe(self, what):
        tail = "\n  ".join(line.text for line in self.lines[-5:])
        return (f"{what}: {' '.join(map(str, self.argv))}\nexit {self.process.poll()}; last "
                f"lines:\n  {tail}\nerrors:\n{self.errors}")

    def line(self, wanted, timeout=PATIENCE, after=0):
        """The first line for which wanted(text) is true, waited for."""
        end = time.monotonic() + timeout
        at = after
        with self._changed:
            while True:
                while at < len(self.lines):
                    if wanted(self.lines[at].text):
                        return self.lines[at].text
                    at += 1
                left = end - time.monotonic()
                if self._ended or left <= 0:
                    raise AssertionError(self._describe("a line never came"))
                self._changed.wait(left)

    def events(self, name):
        """(time, object) of all JSON events of that name so far."""
        found = []
        with self._changed:
            lines = list(self.lines)
        for line in lines:
            if line.text.startswith("{"):
                event = json.loads(line.text)
                if event.get("event") == name:
                    found.append((line.time, event))
        return found

    def event(self, name, where=lambda event: True, timeout=PATIENCE, new=False):
        """The first event of that name that satisfies a condition; `new`: one still to come."""
        def wanted(text):
            event = json.loads(text) if text.startswith("{") else {}
            return event.get("event") == name and where(event)
        return json.loads(self.line(wanted, timeout, len(self.lines) if new else 0))

    def exit(self, timeout=PATIENCE):
        """Waits for the end; the exit code."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(self._describe(f"still runs after {timeout} s")) from None
        self._reader.join()
        return code

    def expect(self, code=0, timeout=PATIENCE):
        """Waits for the end, which must be of this code."""
        got = self.exit(timeout)
        if got != code:
            raise AssertionError(self._describe(f"exit code {got}, not {code}"))
        return self

    def send(self, number):
        self.process.send_signal(number)
        return self

    def stop(self, number=signal.SIGTERM, code=0, timeout=PATIENCE):
        return self.send(number).expect(code, timeout)

    def end(self):
        """Ends it whatever it does; what it said on standard error."""
        if self.process.stdout.closed:
            return ""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()
        errors = self.errors
        self._said.close()
        return errors

    def memory(self):
        """Resident memory in MiB; nothing once it has ended."""
        try:
            with open(f"/proc/{self.pid}/status") as status:
                for line in status:
                    if line.startswith("VmRSS"):
                        return int(line.split()[1]) / 1024
        except OSError:
            pass
        return None


class Swarm(unittest.TestCase):
    """A test with a folder of its own and processes that end with it."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="shoal-test-")
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.programs = []
        self._names = itertools.count()
        self.addCleanup(self._end_programs)

    def _end_programs(self):
        for program in self.programs:
            errors = program.end()
            for word in ("Sanitizer", "runtime error:", "Assertion"):
                self.assertNotIn(word, errors, " ".join(map(str, program.argv)))

    def path(self, *names):
        return os.path.join(self.root, *names)

    def start(self, *argv, **options):
        program = Program([str(one) for one in argv], **options)
        self.programs.append(program)
        return program

    def shoal(self, *arguments, **options):
        """The program in the background, speaking JSON."""
        return self.start(SHOAL, "--json", *arguments, **options)

    def create(self, path, *arguments):
        """A torrent of a file or folder, under a name of its own."""
        torrent = self.path(f"{os.path.basename(path)}-{next(self._names)}.torrent")
        done = subprocess.run([SHOAL, "create", path, "-o", torrent, *map(str, arguments)],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return torrent

    def info(self, source):
        done = subprocess.run([SHOAL, "--json", "info", source], capture_output=True, text=True,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def magnet(self, torrent):
        done = subprocess.run([SHOAL, "magnet", torrent], capture_output=True, text=True,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def seed(self, *arguments, listen="127.0.0.1:0", **options):
        """A seed that is ready; its address is in `.address`."""
        program = self.shoal("seed", *arguments, "--listen", listen, **options)
        program.address = program.event("ready")["address"]
        return program

    def download(self, source, folder, *arguments, listen="127.0.0.1:0", **options):
        return self.shoal("download", source, "-o", folder, "--listen", listen, *arguments,
                          **options)

    def tracker(self, *arguments, listen="127.0.0.1:0"):
        """Our tracker, ready; its announce URL is in `.announce`."""
        program = self.shoal("tracker", "--access", "open", "--no-shell", "--listen", listen,
                             *arguments)
        program.announce = program.event("ready")["url"] + "/announce"
        return program

    def assert_same(self, one, other, empty_files=True):
        self.assertEqual(digest(one, empty_files), digest(other, empty_files),
                         f"{one} and {other}")

    def assert_one_line(self, errors):
        """An error for people: one line."""
        self.assertEqual(len(errors.splitlines()), 1, errors)
        self.assertTrue(errors.startswith("shoal: "), errors)

    def uploaded(self, seed):
        """Payload that a seed has sent: by its newest report, when nothing is on its way."""
        return seed.event("progress", new=True)["uploaded"]


def last_progress(program):
    found = program.events("progress")
    return found[-1][1] if found else None
