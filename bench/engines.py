#!/usr/bin/python3
"""shoal beside libtorrent and mktorrent in the same cases, and what the machine itself can do.

    bench/engines.py                    all cases, three runs each; about 12 minutes, 8 GiB of memory
    bench/engines.py one small -n 5     some
    bench/engines.py one -e shoal       one engine

Needs Debian's python3-libtorrent and mktorrent, and a release build (SHOAL names the program).
Everything lies on tmpfs and goes over loopback; every node has an address of its own. `libtorrent`
has its default settings, `libtorrent-fast` those of high_performance_seed(); both TCP without
encryption. The clock starts with the download's process (libtorrent's: with its add request, its
interpreter is started before) and stops when it says that every byte is verified and written;
afterwards the copies are compared with the source. The engines take turns, so that a busy moment of the
machine hits all. Prints a line a run, and a table of medians at the end.
"""
import argparse
import collections
import contextlib
import filecmp
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

SHOAL = os.environ.get("SHOAL", os.path.join(os.path.dirname(__file__), "../build/release/bin/shoal"))
LIBTORRENT = os.path.join(os.path.dirname(__file__), "libtorrent_peer.py")
MIB = 1 << 20
ENGINES = ("shoal", "libtorrent-fast", "libtorrent")
TICKS = os.sysconf("SC_CLK_TCK")
IDLE = 10  # seconds over which the processor time of idle torrents is counted


class Node:
    """A process that prints a line with a word once it is done; ended by its own pid."""

    def __init__(self, argv, word, gate=None):
        self.word, self.gate = word, gate
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        if gate:
            self.wait_for("READY")

    def go(self):
        if self.gate:
            open(self.gate, "wb").close()

    def wait_for(self, word=None):
        for line in self.process.stdout:
            if (word or self.word) in line:
                return self
        raise RuntimeError(f"{self.process.args} ended early")

    def own_memory(self):
        """MiB that are the process's own, not mapped files."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 1024

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def end(self):
        self.process.terminate()
        self.process.wait()


class Peak:
    """The most own memory, in MiB, that any of some nodes has while this is open."""

    def __init__(self, nodes):
        self.nodes, self.most = nodes, 0.0
        self.over = threading.Event()
        self.watcher = threading.Thread(target=self.watch)

    def look(self):
        with contextlib.suppress(OSError, StopIteration):  # one that has ended has none
            self.most = max(self.most, *(node.own_memory() for node in self.nodes))

    def watch(self):
        while not self.over.wait(0.02):
            self.look()

    def __enter__(self):
        self.watcher.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.watcher.join()
        self.look()


class Bench:
    def __init__(self, work):
        self.work = work
        self.hosts = 0

    def path(self, *names):
        return os.path.join(self.work, *names)

    def host(self):
        self.hosts = self.hosts % 250 + 1
        return f"127.77.1.{self.hosts}:7001"

    def seed(self, engine, torrents, folder):
        """A node that has everything, and its address."""
        host = self.host()
        if engine == "shoal":
            what = [one for torrent in torrents for one in (torrent, folder)]
            node = Node([SHOAL, "seed", *what, "--listen", host, "--json"], '"ready"')
        else:
            node = Node(self.libtorrent(engine, host, torrents, folder), "DONE")
        return node, host

    def peer(self, engine, torrent, out, seeds):
        """A node that waits for go()."""
        calls = [one for seed in seeds for one in ("--peer", seed)]
        host = self.host()
        if engine == "shoal":
            gate = None
            argv = [SHOAL, "download", torrent, "-o", out, "--seed", "--json", "--listen", host, *calls]
            word = '"complete"'
        else:
            gate = out + ".gate"
            os.mkfifo(gate)
            argv = self.libtorrent(engine, host, [torrent], out, "--gate", gate, *calls)
            word = "DONE"
        return lambda: Node(argv, word, gate)

    @staticmethod
    def libtorrent(engine, host, torrents, folder, *more):
        fast = ["--fast"] if engine == "libtorrent-fast" else []
        return ["/usr/bin/python3", LIBTORRENT, host, *torrents, folder, *fast, *more]

    def transfer(self, seed_engine, peer_engine, torrent, content, seeds=1, peers=1):
        nodes, outs = [], [self.path(f"out{i}") for i in range(peers)]
        try:
            addresses = []
            for _ in range(seeds):
                node, host = self.seed(seed_engine, [torrent], self.work)
                nodes.append(node.wait_for())
                addresses.append(host)
            before = sum(node.cpu() for node in nodes)
            makers = []
            for out in outs:
                os.mkdir(out)
                makers.append(self.peer(peer_engine, torrent, out, addresses))
            if peer_engine == "shoal":
                begin = time.monotonic()
                leeches = [make() for make in makers]
            else:
                leeches = [make() for make in makers]
                begin = time.monotonic()
            nodes += leeches
            already = 0 if peer_engine == "shoal" else sum(node.cpu() for node in leeches)
            with Peak(leeches) as peak:
                for node in leeches:
                    node.go()
                for node in leeches:
                    node.wait_for()
                took = time.monotonic() - begin
            row = {"seconds": took, "seed_cpu": sum(n.cpu() for n in nodes[:seeds]) - before,
                   "peer_cpu": sum(n.cpu() for n in leeches) - already, "peer_MiB": peak.most}
        finally:
            for node in nodes:
                node.end()
        for out in outs:
            self.compare(content, os.path.join(out, os.path.basename(content)))
            shutil.rmtree(out)
            if os.path.exists(out + ".gate"):
                os.unlink(out + ".gate")
        return row

    def compare(self, one, other):
        if os.path.isfile(one):
            same = filecmp.cmp(one, other, False)
        else:
            same = all(filecmp.cmp(os.path.join(folder, name),
                                   os.path.join(other, os.path.relpath(folder, one), name), False)
                       for folder, _, names in os.walk(one) for name in names)
        if not same:
            raise RuntimeError(f"{other} differs from {one}")

    def file(self, name, mib):
        path = self.path(name)
        if not os.path.exists(path):
            with open(path, "wb") as out:
                for _ in range(mib):
                    out.write(os.urandom(MIB))
        return path

    def torrent(self, content, piece_length="1M"):
        path = content + ".torrent"
        if not os.path.exists(path):
            subprocess.run([SHOAL, "create", content, "-o", path, "--piece-length", piece_length],
                           check=True, stdout=subprocess.DEVNULL)
        return path

    def small_files(self):
        root = self.path("small")
        if not os.path.exists(root):
            for i in range(10_000):
                folder = os.path.join(root, f"{i // 100:03}")
                os.makedirs(folder, exist_ok=True)
                with open(os.path.join(folder, f"{i:05}"), "wb") as out:
                    out.write(os.urandom(16 << 10))
        return root


def timed(argv):
    """Seconds, and seconds of the processor."""
    before = os.times()
    begin = time.monotonic()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    took, after = time.monotonic() - begin, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": took, "cpu": cpu}


# --- cases: each yields (what is compared, a function that measures it once) -----------------

def one(bench, engines, mib):
    content = bench.file("payload", mib)
    torrent = bench.torrent(content)
    for engine in engines:
        yield engine, lambda engine=engine: bench.transfer(engine, engine, torrent, content)


def mixed(bench, engines, mib):
    content = bench.file("payload", mib)
    torrent = bench.torrent(content)
    fast = "libtorrent-fast"
    for pair in ((fast, "shoal"), ("shoal", fast), (fast, fast)):
        if set(pair) <= set(engines):
            yield " to ".join(pair), lambda pair=pair: bench.transfer(*pair, torrent, content)


def four_seeds(bench, engines, mib):
    content = bench.file("payload", mib)
    torrent = bench.torrent(content)
    for engine in engines:
        yield engine, lambda engine=engine: bench.transfer(engine, engine, torrent, content, seeds=4)


def four_peers(bench, engines, mib):
    content = bench.file("payload", mib)
    torrent = bench.torrent(content)
    for engine in engines:
        yield engine, lambda engine=engine: bench.transfer(engine, engine, torrent, content, peers=4)


def small(bench, engines, _mib):
    content = bench.small_files()
    torrent = bench.torrent(content, "256K")
    for engine in engines:
        yield engine, lambda engine=engine: bench.transfer(engine, engine, torrent, content)


def create(bench, engines, mib):
    content, out = bench.file("payload", mib), bench.path("made")
    threads = str(os.cpu_count())

    def ours(form):
        return timed([SHOAL, "create", content, "-o", out + "." + form, "--format", form,
                      "--piece-length", "1M", "--threads", threads])

    def mktorrent():
        if os.path.exists(out):
            os.unlink(out)
        return timed(["mktorrent", "-l", "20", "-t", threads, "-o", out, content])

    def libtorrent(flag):
        return timed(["/usr/bin/python3", LIBTORRENT, "--create", flag, content])
    if "shoal" in engines:
        for form in ("v1", "v2", "hybrid"):
            yield f"shoal {form}", lambda form=form: ours(form)
    yield "mktorrent v1", mktorrent
    for flag in ("v2", "hybrid"):
        yield f"libtorrent {flag}", lambda flag=flag: libtorrent(flag)


def verify(bench, engines, mib):
    content = bench.file("payload", mib)
    torrent = bench.torrent(content)

    def check(engine):
        if engine == "shoal":
            return timed([SHOAL, "verify", torrent, content])
        begin = time.monotonic()
        node, _ = bench.seed(engine, [torrent], bench.work)
        try:
            node.wait_for()
            return {"seconds": time.monotonic() - begin, "cpu": node.cpu()}
        finally:
            node.end()
    for engine in engines:
        yield engine, lambda engine=engine: check(engine)


def many(bench, engines, _mib):
    folder = bench.path("many")
    if not os.path.exists(folder):
        os.mkdir(folder)
        for i in range(1000):
            bench.torrent(bench.file(f"many/{i:04}", 1), "64K")
    torrents = [os.path.join(folder, f"{i:04}.torrent") for i in range(1000)]

    def start(engine):
        begin = time.monotonic()
        node, _ = bench.seed(engine, torrents, folder)
        try:
            node.wait_for()
            took = time.monotonic() - begin
            time.sleep(2)
            before = node.cpu()
            time.sleep(IDLE)
            return {"seconds": took, "idle_cpu_percent": (node.cpu() - before) / IDLE * 100,
                    "own_KiB_a_torrent": node.own_memory() * 1024 / len(torrents)}
        finally:
            node.end()
    for engine in engines:
        yield engine, lambda engine=engine: start(engine)


def machine(bench, _engines, mib):
    """One process sends a file, another receives and writes it, and hashes nothing."""
    content, out = bench.file("payload", mib), bench.path("copied")

    def copy():
        listener = socket.create_server(("127.77.2.1", 0))
        begin = time.monotonic()
        pid = os.fork()
        if pid == 0:
            with socket.create_connection(listener.getsockname()) as line, open(content, "rb") as file:
                size, at = os.path.getsize(content), 0
                while at < size:
                    at += os.sendfile(line.fileno(), file.fileno(), at, MIB)
            os._exit(0)
        before = time.process_time()
        line, buffer = listener.accept()[0], bytearray(MIB)
        with open(out, "wb", buffering=0) as file:
            while got := line.recv_into(buffer):
                file.write(memoryview(buffer)[:got])
        took, received = time.monotonic() - begin, time.process_time() - before
        sent = os.wait4(pid, 0)[2]
        line.close()
        listener.close()
        os.unlink(out)
        return {"seconds": took, "seed_cpu": sent.ru_utime + sent.ru_stime, "peer_cpu": received}
    yield "sendfile, recv, write", copy


CASES = collections.OrderedDict(
    (case.__name__.replace("_", "-"), case)
    for case in (machine, one, mixed, four_seeds, four_peers, create, verify, small, many))


def table(rows):
    """Medians, a line for each case and engine."""
    columns = ["seconds"]
    for _, _, row in rows:
        columns += [name for name in row if name not in columns]
    print("\n| case | what | " + " | ".join(columns) + " |")
    print("|---|---|" + "---|" * len(columns))
    for case, what in dict.fromkeys((case, what) for case, what, _ in rows):
        here = [row for c, w, row in rows if (c, w) == (case, what)]
        cells = [f"{statistics.median(row[column] for row in here):.2f}" if column in here[0] else "–"
                 for column in columns]
        print(f"| {case} | {what} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", choices=[*CASES, []], metavar="CASE",
                        help=", ".join(CASES) + "; all if none is named")
    parser.add_argument("-e", "--engine", action="append", choices=ENGINES)
    parser.add_argument("-n", "--runs", type=int, default=3)
    parser.add_argument("--mib", type=int, default=1024, help="size of the large file")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="shoal-bench-") as work:
        bench = Bench(work)
        for case in options.cases or CASES:
            runs = list(CASES[case](bench, options.engine or ENGINES, options.mib))
            for _ in range(options.runs):
                for what, measure in runs:
                    row = {name: round(value, 3) for name, value in measure().items()}
                    rows.append((case, what, row))
                    print(case, what, json.dumps(row), flush=True)
    table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
