"""A disk that stands still for seconds: the network, the pages and what is shared go on."""
import os
import time
import unittest

from group_tools import Group, Peer
from swarm_tools import MIB, SANITIZED, Swarm, make_file, wait_until

STILL = 3  # seconds
PROMPT = 0.5  # seconds in which an answer is there all the same


@unittest.skipIf(SANITIZED, "sanitizers have calls of the system for themselves")
class SlowDisk(Swarm):
    def setUp(self):
        super().setUp()
        self.group = Group(self, interval=2)
        self.gate = self.path("gate")

    def slow_peer(self, name):
        os.environ.update(LD_PRELOAD=os.environ["SLOW_DISK"], SLOW_DISK_GATE=self.gate)
        try:
            return Peer(self.group, name)
        finally:
            del os.environ["LD_PRELOAD"], os.environ["SLOW_DISK_GATE"]

    def test_a_disk_that_stands_still_holds_up_nothing_else(self):
        teacher, lan, minh = Peer(self.group, "cô", "--max-up", "8M"), self.slow_peer("Lan"), \
            Peer(self.group, "Minh")
        shared = make_file(self.path("home", "đã có.bin"), 8 * MIB, 1)
        content = make_file(self.path("home", "bài giảng.bin"), 40 * MIB, 2)
        lan.publish(shared, "đã có")
        teacher.publish(content, "bài giảng")
        lan.fetch("bài giảng")
        wait_until(lambda: lan.item("bài giảng")["have"] > 0, "the first pieces")

        with open(self.gate, "w"):
            begin = time.monotonic()
        minh.fetch("đã có", **{"from": [lan.address]})
        longest, standing = 0.0, []
        while time.monotonic() - begin < STILL:
            asked = time.monotonic()
            now = lan.item("bài giảng")
            self.assertEqual(lan.call("GET", "/api/v1/peers")[0], 200)
            longest = max(longest, time.monotonic() - asked)
            if asked - begin > STILL / 2:
                standing.append((now["state"], now["have"]))
            time.sleep(0.05)
        self.assertLess(longest, PROMPT)
        self.assertEqual(set(standing), {("fetching", now["have"])}, "it stands still")
        self.assertLess(now["have"], now["total"])
        # What Lan shares was read and sent meanwhile.
        minh.wait_for("đã có")
        self.assertTrue(os.path.exists(self.gate))
        self.assert_same(shared, minh.path("downloads", "đã có"))

        os.unlink(self.gate)
        lan.wait_for("bài giảng")
        self.assert_same(content, lan.path("downloads", "bài giảng"))


if __name__ == "__main__":
    unittest.main()
