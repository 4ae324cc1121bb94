#!/usr/bin/python3
"""Processor time an announce and memory a peer: shoal's tracker, opentracker, and a server that does nothing.

Needs Debian's opentracker, and shoal and announce_load from a release build (SHOAL and LOAD name
them). All run over loopback, one after the other, the server on one core and the load on another.
Announces are of known peers, at random, 50 peers wanted, by 64 connections with one request each at
a time. Processor time is what /proc says that the server's threads have run, user and kernel, divided
by the announces answered; it says more than announces a second, which the load limits, too. Memory
is by how much the server's resident set grew while its swarms were filled.
"""

import argparse
import glob
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BIN = os.path.join(os.path.dirname(__file__), "../build/release/bin")
SHOAL = os.environ.get("SHOAL", os.path.join(BIN, "shoal"))
LOAD = os.environ.get("LOAD", os.path.join(BIN, "announce_load"))
OPENTRACKER = shutil.which("opentracker", path=os.environ["PATH"] + ":/usr/sbin")
CASES = ("1000x50", "100000x10", "1x100000", "1x1000000")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Server:
    """A server on the second core; ended by its own pid."""

    def __init__(self, argv, port, cwd):
        self.port = port
        self.process = subprocess.Popen(["taskset", "-c", "1", *argv], cwd=cwd, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def busy(self):
        """Microseconds that its threads have run."""
        total = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            with open(path) as schedstat:
                total += int(schedstat.read().split()[0])
        return total / 1000

    def memory(self):
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def load(self, kind, torrents, peers, seconds):
        """Announces answered and peers in each; microseconds of the server for each."""
        before = self.busy()
        said = subprocess.run(
            ["taskset", "-c", "0", LOAD, kind, str(self.port), str(torrents), str(peers), str(seconds)],
            check=True, stdout=subprocess.PIPE, text=True).stdout.split()
        return {"announces": int(said[0]), "peers": int(said[1]),
                "us": (self.busy() - before) / max(int(said[0]), 1)}

    def end(self):
        self.process.terminate()
        self.process.wait()


def shoal(work, torrents):
    port = free_port()
    return Server([SHOAL, "tracker", "--access", "open", "--no-shell", "--interval", "3600",
                   "--listen", f"127.0.0.1:{port}", "--data", os.path.join(work, "data")], port, work)


def opentracker(work, torrents):
    # As Debian builds it, it serves torrents of a list alone, and gives up root for another user.
    os.chmod(work, 0o755)
    with open(os.path.join(work, "list"), "w") as listed:
        subprocess.run([LOAD, "hashes", str(torrents)], check=True, stdout=listed)
    port = free_port()
    user = ["-u", "_opentracker"] if os.getuid() == 0 else []
    return Server([OPENTRACKER, "-i", "127.0.0.1", "-p", str(port), "-d", work, *user, "-w", "list"], port, work)


def nothing(work, torrents):
    port = free_port()
    return Server([LOAD, "serve", str(port)], port, work)


SERVERS = {"shoal": shoal, "opentracker": opentracker, "nothing": nothing}


def measure(name, case, options):
    torrents, peers = (int(part) for part in case.split("x"))
    with tempfile.TemporaryDirectory(prefix="shoal-bench-") as work:
        server = SERVERS[name](work, torrents)
        try:
            row = {"server": name, "case": case}
            if name != "nothing":
                # What the program itself takes for its first requests is no peer's.
                stays = name != "opentracker"  # which closes after each answer
                server.load("keep" if stays else "close", 1, 1, 0.2)
                before = server.memory()
                server.load("fill" if stays else "fill-close", torrents, peers, 0)
                row["bytes"] = round((server.memory() - before) / (torrents * peers), 1)
            for kind in ("keep", "close"):
                if kind == "keep" and name == "opentracker":
                    continue
                server.load(kind, torrents, peers, 0.5)
                told = server.load(kind, torrents, peers, options.seconds)
                row[kind], row["told"] = round(told["us"], 2), told["peers"]
            return row
        finally:
            server.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", default=CASES, help="torrents x peers of each, such as 1000x50")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement")
    options = parser.parse_args()
    if OPENTRACKER is None:
        sys.exit("opentracker is missing: apt-get install opentracker")
    rows = []
    for _ in range(options.runs):
        for case in options.cases:
            for name in SERVERS:  # in turn, so that a busy moment of the machine hits all
                rows.append(measure(name, case, options))
                print(json.dumps(rows[-1]), flush=True)
    print("| torrents x peers | server | kept, µs | closed, µs | bytes a peer |\n|---|---|---|---|---|")
    for case in options.cases:
        def median(name, key):
            values = [row[key] for row in rows if (row["server"], row["case"]) == (name, case) and key in row]
            return statistics.median(values) if values else None
        for name in SERVERS:
            cells = ("–" if (value := median(name, key)) is None else f"{value:.1f}" for key in ("keep", "close", "bytes"))
            print(f"| {case} | {name} | {' | '.join(cells)} |")
        base = median("opentracker", "close")
        print(f"| {case} | shoal / opentracker | {median('shoal', 'keep') / base:.2f} | "
              f"{median('shoal', 'close') / base:.2f} | {median('shoal', 'bytes') / median('opentracker', 'bytes'):.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
