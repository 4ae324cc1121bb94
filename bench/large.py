#!/usr/bin/python3
"""Big ones: a file of 10 GiB (a hole at the seed) and a folder of 10,000 files, each fetched by
one peer over loopback; prints time and the downloader's peak memory, which must stay under 150 MiB.

SHOAL names the program; --work is where it all lies (default /dev/shm; about 11 GiB are needed).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

SHOAL = os.environ.get("SHOAL", os.path.join(os.path.dirname(__file__), "../build/release/bin/shoal"))
MOST_MIB = 150


def big_file(folder, gib):
    path = os.path.join(folder, "big.bin")
    with open(path, "wb") as out:
        out.truncate(gib << 30)
        # Some places hold data, so that a piece in the wrong place would show.
        for i in range(0, gib << 30, 64 << 20):
            out.seek(i)
            out.write(i.to_bytes(8, "big"))
    return path


def many_files(folder):
    path = os.path.join(folder, "many")
    for i in range(10_000):
        name = os.path.join(path, f"{i // 100:03}", f"{i:05}")
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as out:
            out.write(os.urandom(16384 if i % 7 else i % 300))
    return path


def events_until(process, wanted):
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == wanted:
            return event
    raise RuntimeError(f"no {wanted} from {process.args}")


def fetch(work, path):
    torrent, out = os.path.join(work, "it.torrent"), os.path.join(work, "out")
    began = time.monotonic()
    subprocess.run([SHOAL, "create", path, "-o", torrent], check=True, stdout=subprocess.DEVNULL)
    created = time.monotonic() - began
    seed = subprocess.Popen([SHOAL, "seed", torrent, path, "--listen", "127.0.0.1:0", "--json"],
                            stdout=subprocess.PIPE, text=True)
    try:
        address = events_until(seed, "ready")["address"]
        peer = subprocess.Popen([SHOAL, "download", torrent, "-o", out, "--peer", address, "--seed",
                                 "--listen", "127.0.0.1:0", "--json"],
                                stdout=subprocess.PIPE, text=True)
        try:
            took = events_until(peer, "complete")["seconds"]
            with open(f"/proc/{peer.pid}/status") as status:
                peak = next(int(l.split()[1]) / 1024 for l in status if l.startswith("VmHWM"))
        finally:
            peer.terminate()
            peer.wait()
    finally:
        seed.terminate()
        seed.wait()
    same = subprocess.run(["diff", "-rq", path, os.path.join(out, os.path.basename(path))]).returncode == 0
    shutil.rmtree(out)
    os.unlink(torrent)
    print(json.dumps({"what": os.path.basename(path), "create_seconds": round(created, 2),
                      "seconds": round(took, 2), "peak_MiB": round(peak, 1), "same": same}), flush=True)
    return same and peak < MOST_MIB


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gib", type=int, default=10)
    parser.add_argument("--work", default="/dev/shm")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work, prefix="shoal-bench-") as work:
        good = fetch(work, many_files(work))
        good = fetch(work, big_file(work, options.gib)) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
