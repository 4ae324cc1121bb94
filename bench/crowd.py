#!/usr/bin/python3
"""One peer has a file of 64 MiB and a crowd wants it at the same moment: how close the last of them
comes to the least possible time.

No way of sharing is faster than max(F / u_seed, F / d_min, N·F / (u_seed + Σ u_i)), where F is the
file, u are the rates of sending, d those of receiving (Kumar and Ross 2006). Each peer is a process
on a network of its own, by a cable with these rates and queues of 50 ms. A peer is done when it says
that every byte is verified; at the end every copy is compared with the source.

SHOAL names the program. Needs root or user namespaces, iproute2, about 1.5 GiB of memory, and for the
other engines Debian's python3-libtorrent and aria2. "shoal+libtorrent" is a crowd of both in turn,
with the first as the seed. Prints a line about each run to standard error, then a table of medians.
"""
import argparse
import collections
import filecmp
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ.setdefault("SHOAL", os.path.join(HERE, "../build/release/bin/shoal"))
sys.path.insert(0, os.path.join(HERE, "../tests/interop"))

from machines import Switch  # noqa: E402
from swarm_tools import ISOLATED, MIB, SHOAL, Swarm, make_file, scrape, wait_until  # noqa: E402

SIZE = 64 * MIB
HEADERS = 66  # of Ethernet, IPv4 and TCP, in each packet
PORT = 6881
ARIA2_ID = "0123456789abcdef"

# Rates in Mbit/s: the seed's up, then (up, down) of those who want the file. Of the `leaving`, which
# come on top of these, each is killed once it has half; as many others come at half of the bound.
Case = collections.namedtuple("Case", "seed crowd piece leaving", defaults=("256K", 0))
CASES = {
    "sym4": Case(50, [(50, 50)] * 4),
    "sym8": Case(50, [(50, 50)] * 8),
    "sym16": Case(50, [(50, 50)] * 16),
    "asym8": Case(50, [(20, 100)] * 8),
    "mixed8": Case(25, [(up, 100) for up in (5, 5, 10, 10, 20, 20, 50, 50)]),
    "churn8": Case(50, [(50, 50)] * 8, leaving=2),
    "sym8-64k": Case(50, [(50, 50)] * 8, "64K"),
    "sym8-1m": Case(50, [(50, 50)] * 8, "1M"),
}


def bound(case):
    """The least possible time in seconds, for those who stay."""
    megabits = SIZE * 8 / 1e6
    ups = sum(up for up, _ in case.crowd)
    return max(megabits / case.seed, megabits / min(down for _, down in case.crowd),
               len(case.crowd) * megabits / (case.seed + ups))


# --- engines: command lines, and what they print when they have everything ------------------------

def shoal(host, torrent, folder, seeds):
    listen = "--listen", f"{host}:{PORT}"
    if seeds:
        return SHOAL, "--json", "seed", torrent, folder, *listen
    return SHOAL, "--json", "download", torrent, "-o", folder, "--seed", *listen


def libtorrent(host, torrent, folder, _):
    return ("/usr/bin/python3", os.path.join(HERE, "libtorrent_peer.py"), f"{host}:{PORT}", torrent,
            folder)


def aria2(_, torrent, folder, seeds):
    return ("aria2c", "--no-conf", "--dir", folder, f"--listen-port={PORT}", f"--gid={ARIA2_ID}",
            "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--seed-ratio=0.0",
            "--file-allocation=none", "--summary-interval=0", "--show-console-readout=false",
            "--on-bt-download-complete=/bin/echo", f"--check-integrity={str(seeds).lower()}", torrent)


Engine = collections.namedtuple("Engine", "command complete own_gate", defaults=(False,))
ENGINES = {
    "shoal": Engine(shoal, '"event":"complete"'),
    "libtorrent": Engine(libtorrent, "DONE", own_gate=True),
    "aria2": Engine(aria2, f"{ARIA2_ID} 1 "),
}


# --- one run --------------------------------------------------------------------------------------

class Peer:
    """A machine with one engine on it. The seed, which has a folder already, begins at once, all
    others when the gate is opened."""

    def __init__(self, run, rates, engine, torrent, folder=None):
        self.machine = run.switch.machine(*rates, batches=True)
        self.engine = ENGINES[engine]
        self.folder = folder or run.path(self.machine.host)
        os.makedirs(self.folder, exist_ok=True)
        self.run, self.seeds, self.program = run, folder is not None, None
        self.argv = self.engine.command(self.machine.host, torrent, self.folder, self.seeds)

    def start(self):
        argv = self.argv
        if not self.seeds and self.engine.own_gate:
            argv = *argv, "--gate", self.run.gate
        elif not self.seeds:
            argv = "sh", "-c", 'echo READY; : <"$0"; exec "$@"', self.run.gate, *argv
        with self.machine.entered():
            self.program = self.run.start(*argv)

    def completed(self):
        """When it had everything, if it has; raises if it has ended."""
        for line in list(self.program.lines):
            if self.engine.complete in line.text:
                return line.time
        if self.program.process.poll() is not None:
            raise AssertionError(f"ended early: {' '.join(self.argv)}\n{self.program.errors}")
        return None

    def received(self):
        (size, packets), _ = self.machine.traffic()
        return size - HEADERS * packets

    def sent(self):
        _, (size, packets) = self.machine.traffic()
        return size - HEADERS * packets


Result = collections.namedtuple("Result", "last mean sent")


class Run(Swarm):
    """The machines, processes and files of one run; a test's, for what they have in common."""

    def prepare(self, case, engines):
        self.switch = Switch(self)
        self.switch.hub.address("switch", "10.88.0.254/24")
        self.gate = self.path("gate")
        os.mkfifo(self.gate)
        with self.switch.hub.entered():
            tracker = self.tracker(listen="10.88.0.254:7000")
        self.source = make_file(self.path("source", "file"), SIZE, "crowd")
        torrent = self.create(self.source, "--piece-length", case.piece, "--tracker",
                              tracker.announce)
        self.seed = Peer(self, (case.seed,), engines[0], torrent, os.path.dirname(self.source))
        rates = case.crowd + case.crowd[:1] * 2 * case.leaving
        peers = [Peer(self, each, engines[i % len(engines)], torrent)
                 for i, each in enumerate(rates)]
        count = len(case.crowd)
        self.staying = peers[:count]
        self.leaving = peers[count:count + case.leaving]
        self.coming = peers[count + case.leaving:]
        self.seed.start()
        with self.switch.hub.entered():
            wait_until(lambda: scrape(tracker.announce, self.info(torrent)["info_hash"])[0] == 1,
                       "the seed to tell the tracker")

    def measure(self, case):
        for peer in self.staying + self.leaving:
            peer.start()
        for peer in self.staying + self.leaving:
            peer.program.line(lambda text: text == "READY")
        sent_before = self.seed.sent()
        began = time.monotonic()
        half_time = began + bound(case) / 2
        with open(self.gate, "r+b", buffering=0):
            times = wait_until(lambda: self.step(half_time), "the crowd", 10 * bound(case),
                               period=0.05)
            sent = self.seed.sent() - sent_before
            wait_until(lambda: self.step(half_time) and not self.leaving and
                       all(peer.completed() for peer in self.coming), "those who came later",
                       10 * bound(case), period=0.05)
        for peer in self.staying + self.coming:
            if not filecmp.cmp(self.source, os.path.join(peer.folder, "file"), shallow=False):
                raise AssertionError(f"{peer.machine.host} has got something else than was sent")
        seconds = [when - began for when in times]
        return Result(max(seconds), statistics.mean(seconds), sent / SIZE)

    def step(self, half_time):
        """Has peers come and go. The times at which the crowd was complete, once all are."""
        for peer in list(self.leaving):
            if peer.received() >= SIZE / 2:
                peer.program.process.kill()
                self.leaving.remove(peer)
        if time.monotonic() >= half_time:
            for peer in self.coming:
                if peer.program is None:
                    peer.start()
        times = [peer.completed() for peer in self.staying]
        return all(times) and times


def run(case, engines):
    one = Run()
    try:
        one.setUp()
        one.prepare(case, engines)
        return one.measure(case)
    finally:
        one.doCleanups()


def busy():
    """Seconds that the machine's processors have worked so far, and all seconds."""
    with open("/proc/stat", encoding="ascii") as file:
        counts = [int(field) for field in file.readline().split()[1:9]]
    return sum(counts) - counts[3] - counts[4], sum(counts)


# --- all runs -------------------------------------------------------------------------------------

def engines_of(text):
    names = text.split("+")
    for name in names:
        if name not in ENGINES:
            raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(ENGINES)}")
    return names


def table(results):
    print("| case | engine | runs | bound s | last peer s | last / bound | mean / bound "
          "| sent by the seed / F |\n|---|---|---|---|---|---|---|---|")
    for (name, engine), runs in results.items():
        least = bound(CASES[name])
        last, mean, sent = (statistics.median(column) for column in zip(*runs))
        print(f"| {name} | {engine} | {len(runs)} | {least:.1f} | {last:.1f} | {last / least:.2f} "
              f"| {mean / least:.2f} | {sent:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE",
                        help=f"{', '.join(CASES)}; all if none is given")
    parser.add_argument("-e", "--engine", action="append", type=engines_of,
                        help=f"{', '.join(ENGINES)}, or several joined by +; repeatable (shoal)")
    parser.add_argument("-n", "--runs", type=int, default=1)
    options = parser.parse_args()
    for name in options.cases:
        if name not in CASES:
            parser.error(f"{name} is none of {', '.join(CASES)}")
    if not ISOLATED:
        parser.error("the system allows no networks of its own (root or user namespaces)")
    tempfile.tempdir = "/dev/shm"
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    results = collections.defaultdict(list)
    failures = 0
    for _ in range(options.runs):  # in turn, so that a busy moment of the machine hits all
        for name in options.cases or CASES:
            for engines in options.engine or [["shoal"]]:
                label = "+".join(engines)
                before = busy()
                try:
                    result = run(CASES[name], engines)
                except (AssertionError, OSError, subprocess.SubprocessError) as failure:
                    failures += 1
                    print(f"{name} {label}: {failure}", file=sys.stderr, flush=True)
                    continue
                worked, passed = (now - then for now, then in zip(busy(), before))
                results[name, label].append(result)
                print(f"{name} {label}: last {result.last:.2f} s, mean {result.mean:.2f} s, "
                      f"sent {result.sent:.3f}, processors {100 * worked / passed:.0f} % busy",
                      file=sys.stderr, flush=True)
    table(results)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
