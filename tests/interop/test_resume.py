"""`download` killed with SIGKILL goes on where it was: what it had verified is not sent again."""
import os
import random
import signal
import time
import unittest

from swarm_tools import KIB, MIB, Swarm, make_file, make_folder, together

# What may be sent twice for each kill, besides the pieces in flight.
ALLOWANCE = 16 * MIB


class Killed(Swarm):
    def kill_again_and_again(self, piece_length, size, kills):
        chance = random.Random(piece_length)
        content = make_file(self.path(f"{piece_length}", "data.bin"), size, piece_length)
        torrent = self.create(content, "--piece-length", piece_length)
        seed = self.seed(torrent, content, "--max-up", "14M")
        command = (torrent, self.path(f"to-{piece_length}"), "--peer", seed.address)
        unique, lost = 0, []
        for i in range(kills + 1):
            download = self.download(*command)
            first = download.event("progress", lambda event: event["have"] > 0)
            if i > 0:
                # What this run began with; blocks of pieces that are not whole yet count as lost.
                lost.append(unique - (first["have"] - first["downloaded"]))
            if i == kills:
                break
            time.sleep(chance.random())
            self.assertIsNone(download.process.poll(), "it was to be killed on its way")
            download.send(signal.SIGKILL).exit()
            unique = self.uploaded(seed) - sum(lost)
        download.expect()
        self.assert_same(content, self.path(f"to-{piece_length}", "data.bin"))
        again = self.uploaded(seed) - size
        print(f"sent twice: {again / MIB:.1f} MiB after {kills} kills; at each at most "
              f"{[round(one / MIB, 1) for one in lost]}", flush=True)
        # All of it would be much more.
        self.assertLess(max(lost), ALLOWANCE + self.in_flight(piece_length))
        self.assertLess(again, kills * (ALLOWANCE + self.in_flight(piece_length)))

    @staticmethod
    def in_flight(piece_length):
        """One peer is asked for about one piece ahead of the one that it sends."""
        return 3 * piece_length

    def test_five_kills_with_pieces_of_256_kib_and_of_1_mib(self):
        together(lambda: self.kill_again_and_again(256 * KIB, 160 * MIB, 5),
                 lambda: self.kill_again_and_again(MIB, 160 * MIB, 5))


class AtTheEnd(Swarm):
    def test_kills_around_the_move_into_place_lose_nothing(self):
        content = make_folder(self.path("data"), 51, 3 * MIB)
        for i in range(60):
            make_file(os.path.join(content, "many", f"{i}"), 20_000 + i, i)
        torrent = self.create(content, "--piece-length", "64K")
        seed = self.seed(torrent, content)
        size = sum(os.path.getsize(os.path.join(folder, name))
                   for folder, _, names in os.walk(content) for name in names)
        begin = time.monotonic()
        self.download(torrent, self.path("whole"), "--peer", seed.address).expect()
        whole = time.monotonic() - begin
        chance = random.Random(52)
        stages = set()
        for i in range(9):
            to = self.path(f"to{i}")
            place = os.path.join(to, "data")
            download = self.download(torrent, to, "--peer", seed.address)
            if i % 3 == 0:
                # The moment between the move and the tidying up.
                while not os.path.exists(place) and download.process.poll() is None:
                    pass
            else:
                time.sleep(chance.uniform(0.5, 1.1) * whole)
            download.send(signal.SIGKILL).exit()
            moved, begun = os.path.exists(place), os.path.exists(os.path.join(to, ".progress"))
            stages.add((moved, begun))
            if moved:
                self.assert_same(content, place)
            sent = self.uploaded(seed)
            self.download(torrent, to, "--peer", seed.address).expect()
            self.assert_same(content, place)
            self.assertEqual(os.listdir(to), ["data"])
            if moved:
                self.assertEqual(self.uploaded(seed), sent)
        print(f"killed in {len(stages)} stages: {stages}; {size} bytes", flush=True)
        self.assertTrue(any(moved for moved, _ in stages))


if __name__ == "__main__":
    unittest.main()
