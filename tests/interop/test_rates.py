"""--max-down and --max-up hold within 3 % over ten seconds, as counted by the other side."""
import itertools
import statistics
import unittest

from swarm_tools import MIB, SANITIZED, Swarm, make_file, together, wait_until

SECONDS, RATE = 10, 2 * MIB
SETTLING = 1.5  # seconds until the meters show a steady state
TOLERANCE = 0.1 if SANITIZED else 0.03


class Rates(Swarm):
    def steady_rate(self, program, counter):
        """Bytes a second of one of a process's counters over ten seconds."""
        def flowing():
            return [time for time, event in program.events("progress") if event[counter] > 0]
        begin = wait_until(flowing, "data to flow")[0] + SETTLING

        def window():
            points = [(time, event[counter]) for time, event in program.events("progress")
                      if time >= begin]
            return points if points and points[-1][0] - points[0][0] >= SECONDS else None
        points = wait_until(window, "ten seconds to pass")
        # A moment without a processor must not count as the limit's fault, nor the moment after.
        return statistics.median((high - low) / (last - first)
                                 for (first, low), (last, high) in itertools.combinations(points, 2)
                                 if last - first > SECONDS / 3)

    def setUp(self):
        super().setUp()
        content = make_file(self.path("data.bin"), 40 * MIB, 41)
        self.torrent = self.create(content, "--piece-length", "256K")
        self.content = content

    def test_rates_hold(self):
        # At once, to save time.
        together(self.max_down, self.max_up, self.max_up_is_shared_by_all_peers)

    def max_down(self):
        seed = self.seed(self.torrent, self.content)
        self.download(self.torrent, self.path("down"), "--peer", seed.address, "--max-down", "2M")
        self.assertAlmostEqual(self.steady_rate(seed, "uploaded") / RATE, 1, delta=TOLERANCE)

    def max_up(self):
        seed = self.seed(self.torrent, self.content, "--max-up", "2M")
        download = self.download(self.torrent, self.path("up"), "--peer", seed.address)
        self.assertAlmostEqual(self.steady_rate(download, "downloaded") / RATE, 1, delta=TOLERANCE)

    def max_up_is_shared_by_all_peers(self):
        seed = self.seed(self.torrent, self.content, "--max-up", "2M")
        for i in range(3):
            self.download(self.torrent, self.path(f"to{i}"), "--peer", seed.address,
                          "--max-up", "16K")
        self.assertAlmostEqual(self.steady_rate(seed, "uploaded") / RATE, 1, delta=TOLERANCE)


if __name__ == "__main__":
    unittest.main()
