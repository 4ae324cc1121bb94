"""No torrent or magnet link, however broken, makes the program crash, hang or eat memory.

Run with SHOAL=path/to/shoal python3 -m unittest. SHOAL_SANITIZED=1 lifts the bounds on memory and
time, which a sanitizer takes for itself.
"""
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

SHOAL = os.path.abspath(os.environ.get("SHOAL", "build/dev/bin/shoal"))
SANITIZED = os.environ.get("SHOAL_SANITIZED") == "1"
SECONDS = 60 if SANITIZED else 5
MEBIBYTES = 2000 if SANITIZED else 100
DONE, FAILED, BAD_DATA = 0, 1, 5


def run(*arguments):
    """Exit status, peak memory in MiB, and what was said on standard error."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), 1)
            os.dup2(said.fileno(), 2)
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            signal.alarm(2 * SECONDS)
            os.execv(SHOAL, [SHOAL, *arguments])
        _, status, usage = os.wait4(child, 0)
        said.seek(0)
        return status, usage.ru_maxrss / 1024, said.read().decode(errors="replace")


def cases():
    """Yields name and path of each case. A process of its own makes them: what is run must not
    inherit the memory that they take as its own peak."""
    maker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "generate.py")
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen([sys.executable, maker, folder, "--step"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as steps:
            for name in steps.stdout:
                yield name.strip(), os.path.join(folder, "case")
                steps.stdin.write("\n")
                steps.stdin.flush()


NAMES = ("name-", "path-", "utf8-path-", "v2-name-", "v2-folder-", "symlink-", "same-", "case-",
         "form-", "file-and-", "good-")


def cases_kept(root):
    """The same, in files that stay, but for those that are too large to be kept by the hundred."""
    for i, (name, path) in enumerate(cases()):
        if name.startswith("large-"):
            continue
        kept = os.path.join(root, f"case{i}")
        shutil.copyfile(path, kept)
        yield name, kept


class Hostile(unittest.TestCase):
    def check(self, *arguments):
        status, memory, said = run(*arguments)
        self.assertTrue(os.WIFEXITED(status), f"killed by signal {status & 127}: {said}")
        code = os.WEXITSTATUS(status)
        # A version of torrents that is not known yet is no damage.
        expected = (DONE, BAD_DATA, FAILED) if "of version" in said else (DONE, BAD_DATA)
        self.assertIn(code, expected, said)
        self.assertLess(memory, MEBIBYTES)
        lines = said.splitlines()
        self.assertEqual(len(lines), 0 if code == DONE else 1, said)
        self.assertTrue(all(c.isprintable() for line in lines for c in line), repr(said))
        return code

    def test_info_survives_every_case(self):
        taken = seen = 0
        for name, path in cases():
            with self.subTest(name):
                code = self.check("info", path)
                self.assertEqual(self.check("--json", "info", path), code)
                if "good" in name:
                    self.assertEqual(code, DONE)
                if name.startswith("magnet-"):
                    self.check_argument(path)
                seen += 1
                taken += code == DONE
        self.assertGreater(seen, 1000)
        self.assertGreater(taken, 100)

    def test_download_survives_a_sample(self):
        """Every tenth case, and all that play with names."""
        with tempfile.TemporaryDirectory() as root:
            sample = [case for i, case in enumerate(cases_kept(root))
                      if i % 10 == 0 or case[0].startswith(NAMES)]
            self.assertGreater(len(sample), 150)
            for begin in range(0, len(sample), 12):
                self.download_some(root, sample[begin:begin + 12])

    def download_some(self, root, some):
        outer = tempfile.mkdtemp(dir=root)
        running = []
        for i, (name, path) in enumerate(some):
            to = os.path.join(outer, str(i), "to")
            os.makedirs(os.path.dirname(to))
            running.append((name, to, subprocess.Popen(
                [SHOAL, "download", path, "-o", to, "--peer", "127.0.0.1:1", "--listen",
                 "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)))
        for name, to, process in running:
            with self.subTest(name):
                # `ready` comes once the torrent was accepted; there is nobody who has the content.
                process.stdout.readline()
                try:
                    process.wait(0.05)
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGINT)
                try:
                    _, said = process.communicate(timeout=SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
                    raise
                self.assertIn(process.returncode, (0, 1, 3, 4, 5, 130), said)
                self.assertEqual(os.listdir(os.path.dirname(to)), ["to"] * os.path.exists(to))
        self.assertEqual(len(os.listdir(outer)), len(some))

    def check_argument(self, path):
        """The same link as an argument."""
        with open(path, "rb") as link:
            text = link.read().decode()
        if text.lower().startswith("magnet:") and len(text) < 100_000:
            self.check("info", text)


if __name__ == "__main__":
    unittest.main()
