"""What a peer's web page asks of its REST interface: details of items, and what happens live."""
import os
import unittest

from swarm_tools import KIB, MIB, make_file, needs_isolation, wait_until
from test_daemon import Members


class Pages(Members):
    def get(self, peer, path, status=200):
        got, said = peer.call("GET", path)
        self.assertEqual(got, status, said)
        return said

    def slow_pair(self, size=4 * MIB, **more):
        """Two peers, of which the second fetches `bài` from the first slowly."""
        one = self.peer("một", "--max-up", "512K")
        other = self.peer("hai")
        one.publish(make_file(self.path("home", "bài"), size, 1), piece_length=64 * KIB)
        other.fetch("bài", **more)
        wait_until(lambda: other.item("bài")["have"] > 0, "data flows")
        return one, other


@needs_isolation
class Details(Pages):
    def test_peers_and_pieces_of_an_item(self):
        one, other = self.slow_pair()
        item = f"/api/v1/items/{other.item('bài')['id']}"

        def named():
            peers = self.get(other, f"{item}/peers")["items"]
            return peers if peers and peers[0]["user"] and peers[0]["downloaded"] else None
        peer, = wait_until(named, "the peer and its user are told")
        self.assertEqual((peer["address"], peer["user"], peer["client"]),
                         (one.address, "một", "shoal 0.1.0"))
        self.assertEqual((peer["progress"], peer["outgoing"]), (1, True))
        self.assertGreater(peer["down"], 0)

        pieces = self.get(other, f"{item}/pieces")
        self.assertEqual((pieces["pieces"], pieces["piece_length"], pieces["connected"]),
                         (64, 64 * KIB, 1))
        self.assertEqual((pieces["availability"], pieces["unwanted"]), ([[0, 63, 1]], []))
        self.assertTrue(pieces["in_flight"])
        self.assertTrue(pieces["have"])

        mine = f"/api/v1/items/{one.item('bài')['id']}"
        self.assertEqual(self.get(one, f"{mine}/pieces")["have"], [[0, 63]])
        caller = wait_until(lambda: self.get(one, f"{mine}/peers")["items"], "the caller")[0]
        self.assertEqual((caller["address"], caller["outgoing"]), (other.address, False))
        self.assertGreater(caller["uploaded"], 0)
        self.get(one, "/api/v1/items/77/peers", 404)
        self.get(one, "/api/v1/items/77/pieces", 404)


if __name__ == "__main__":
    unittest.main()
