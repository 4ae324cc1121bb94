#!/usr/bin/python3
"""1 GiB from one seed to one peer over loopback, shoal and libtorrent side by side in one run.

Needs Debian's python3-libtorrent and a release build (SHOAL names the program). Payload and
downloads lie on tmpfs. Every node has an address of its own; libtorrent_peer.py says how libtorrent
is set (over uTP, which it prefers on its own, it is many times slower). The clock starts with the
download's add request or process, and stops when it says that every byte is verified and written;
afterwards the copy is compared with the source. Prints one row a run and the ratio of the medians.
"""

import argparse
import filecmp
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SHOAL = os.environ.get("SHOAL", os.path.join(os.path.dirname(__file__), "../build/release/bin/shoal"))
SEED, PEER = "127.77.1.1", "127.77.1.2"

LIBTORRENT = os.path.join(os.path.dirname(__file__), "libtorrent_peer.py")


def make_payload(folder, size):
    path = os.path.join(folder, "payload.bin")
    with open(path, "wb") as out:
        for _ in range(size >> 20):
            out.write(os.urandom(1 << 20))
    return path


class Node:
    """A process that prints a line once it is ready or done; ended by its own pid."""

    def __init__(self, argv):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def wait_for(self, word):
        for line in self.process.stdout:
            if word in line:
                return time.monotonic()
        raise RuntimeError(f"{self.process.args} ended early")

    def peak_memory(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return {k: int(v.split()[0]) / 1024 for k, v in
                    (line.split(":", 1) for line in status) if k in ("VmHWM", "RssAnon")}

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait()


def shoal_seed(work, torrent):
    node = Node([SHOAL, "seed", torrent, work, "--listen", f"{SEED}:7001", "--json"])
    node.wait_for('"ready"')
    return node


def shoal_peer(torrent, out):
    return Node([SHOAL, "download", torrent, "-o", out, "--listen", f"{PEER}:7002",
                 "--peer", f"{SEED}:7001", "--seed", "--json"]), '"complete"'


def libtorrent_seed(work, torrent):
    node = Node(["/usr/bin/python3", LIBTORRENT, f"{SEED}:7001", torrent, work])
    node.wait_for("DONE")
    return node


def libtorrent_peer(torrent, out):
    return Node(["/usr/bin/python3", LIBTORRENT, f"{PEER}:7002", torrent, out,
                 "--peer", f"{SEED}:7001"]), "DONE"


ENGINES = {"shoal": (shoal_seed, shoal_peer), "libtorrent": (libtorrent_seed, libtorrent_peer)}


def run(seed_engine, peer_engine, work, torrent):
    out = os.path.join(work, "out")
    os.mkdir(out)
    seed = ENGINES[seed_engine][0](work, torrent)
    try:
        busy = seed.cpu()
        began = time.monotonic()
        peer, word = ENGINES[peer_engine][1](torrent, out)
        try:
            took = peer.wait_for(word) - began
            row = {"seed": seed_engine, "peer": peer_engine, "seconds": round(took, 3),
                   "seed_cpu": round(seed.cpu() - busy, 2), "peer_cpu": round(peer.cpu(), 2),
                   "peer_peak_MiB": round(peer.peak_memory()["VmHWM"], 1),
                   "peer_own_MiB": round(peer.peak_memory()["RssAnon"], 1)}
        finally:
            peer.end()
    finally:
        seed.end()
    same = filecmp.cmp(os.path.join(work, "payload.bin"), os.path.join(out, "payload.bin"), False)
    shutil.rmtree(out)
    if not same:
        raise RuntimeError(f"{peer_engine} wrote something else than {seed_engine} sent")
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--mixed", action="store_true", help="each with the other as well")
    parser.add_argument("--only", choices=ENGINES, help="measure one engine with itself")
    options = parser.parse_args()
    pairs = [(name, name) for name in ENGINES if options.only in (None, name)]
    if options.mixed:
        pairs += [("libtorrent", "shoal"), ("shoal", "libtorrent")]
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="shoal-bench-") as work:
        make_payload(work, options.mib << 20)
        torrent = os.path.join(work, "payload.torrent")
        subprocess.run([SHOAL, "create", os.path.join(work, "payload.bin"), "-o", torrent,
                        "--piece-length", "1M"], check=True, stdout=subprocess.DEVNULL)
        rows = []
        for _ in range(options.runs):
            for pair in pairs:  # in turn, so that a busy moment of the machine hits all
                rows.append(run(*pair, work, torrent))
                print(json.dumps(rows[-1]), flush=True)
    median = {pair: statistics.median(r["seconds"] for r in rows if (r["seed"], r["peer"]) == pair)
              for pair in pairs}
    for pair, took in median.items():
        print(f"{pair[0]} -> {pair[1]}: median {took:.2f} s, {options.mib / took:.0f} MiB/s")
    if options.only is None:
        ratio = median["shoal", "shoal"] / median["libtorrent", "libtorrent"]
        print(f"shoal takes {ratio:.2f} of libtorrent's time")
        return 0 if ratio <= 1 else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
