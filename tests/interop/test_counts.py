"""Calls of the system that a MiB costs, and wake-ups that rest costs, which no slow machine makes more:
so that speed does not rot unseen."""
import os
import re
import resource
import time
import unittest

from swarm_tools import MIB, SANITIZED, SHOAL, Swarm, make_file, wait_until

SIZE = 128  # MiB
DESCRIPTORS = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # that a process may have; -1: any number


def waits(pid):
    """How often the threads of a process have waited for something so far."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status") as status:
            total += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)$", status.read(), re.M)[1])
    return total


@unittest.skipIf(SANITIZED, "sanitizers have calls of the system for themselves")
class Counts(Swarm):
    def traced(self, name, *arguments):
        report = self.path(name + ".calls")
        program = self.start("strace", "-D", "-f", "-c", "-U", "name,calls", "-o", report, SHOAL, "--json",
                             *arguments, "--listen", "127.0.0.1:0")
        program.report = report
        return program

    def calls(self, program):
        """Calls of an ended program, by name. Its observer is done a moment later."""
        wait_until(lambda: os.path.exists(program.report) and os.path.getsize(program.report) > 0,
                   "the calls to be counted")
        with open(program.report) as file:
            return {name: int(count)
                    for name, count in re.findall(r"^\s*(\w+)\s+(\d+)$", file.read(), re.M)}

    def transfer(self, torrent):
        """The calls of a seed and of a peer that fetches from it."""
        seed = self.traced("seed", "seed", torrent, self.root)
        address = seed.event("ready")["address"]
        download = self.traced("download", "download", torrent, "-o", self.path("out"),
                               "--peer", address)
        download.expect()
        seed.stop()
        return self.calls(seed), self.calls(download)

    def test_a_transfer_takes_few_calls(self):
        content = make_file(self.path("data.bin"), SIZE * MIB, 5)
        torrent = self.create(content, "--piece-length", "1M")
        seed, download = self.transfer(torrent)

        # About twice of what they are; one call a block would be 64.
        self.assert_at_most(seed, preadv=16 + 16, sendmsg=12, total=96)
        self.assert_at_most(download, readv=24, pwritev=2, total=80)

    @unittest.skipIf(0 <= DESCRIPTORS < 2400, "so few files may be open that it keeps 256 at most")
    def test_small_files_are_opened_once(self):
        files = 500
        for i in range(files):
            make_file(self.path(f"many/{i:03}.bin"), 16 << 10, i)
        torrent = self.create(self.path("many"), "--piece-length", "64K")
        calls, _ = self.transfer(torrent)
        self.assertLess(calls.get("openat2", 0) + calls.get("openat", 0), files + 200)

    def test_room_for_descriptors_is_made_before_there_are_threads(self):
        """Where the system makes it later, all that is opened waits for 10 to 20 ms each time."""
        torrent = self.create(make_file(self.path("one.bin"), MIB, 1))
        seed = self.shoal("seed", torrent, self.root)
        seed.event("ready")
        with open(f"/proc/{seed.process.pid}/status") as status:
            room = int(re.search(r"^FDSize:\s*(\d+)$", status.read(), re.M)[1])
        self.assertGreaterEqual(room, 16384 if DESCRIPTORS < 0 else min(DESCRIPTORS, 16384))

    def test_a_seed_without_peers_sleeps(self):
        torrents = [self.create(make_file(self.path(f"{i}.bin"), MIB, i)) for i in range(20)]
        seed = self.shoal("seed", *(word for torrent in torrents for word in (torrent, self.root)))
        seed.event("ready")
        time.sleep(1)
        before = waits(seed.process.pid)
        time.sleep(5)
        # Each second it tells its state once, and looks around once.
        self.assertLess(waits(seed.process.pid) - before, 5 * 5)

    def assert_at_most(self, calls, **bounds):
        """Of each so many a MiB. A seed reads 16 times a MiB before that, to check what it has."""
        for name, bound in bounds.items():
            self.assertLess(calls[name] / SIZE, bound, (name, calls))


if __name__ == "__main__":
    unittest.main()
