"""Downloads succeed over slow links that lose every tenth packet, while half of the serving die.

Each program has a machine of its own. bench/losses.py is the same with 200 downloads.
"""
import filecmp
import random
import signal
import socket
import statistics
import threading
import time
import unittest

from group_tools import Group, Peer
from machines import Switch
from swarm_tools import (ADDRESSES, KIB, SANITIZED, Swarm, make_file, needs_isolation,
                         together, wait_until)

MEGABITS = 20
PERCENT_LOST = 10
AT_ONCE = 5


class DistantPeer(Peer):
    """A peer on a machine of its own, where the test speaks to it by loopback, without loss."""

    def __init__(self, machine, *arguments):
        self.machine = machine
        super().__init__(*arguments, host=machine.host)

    def start(self, *arguments):
        with self.machine.entered():
            return super().start(*arguments)

    def call(self, *arguments, **options):
        with self.machine.entered():
            return super().call(*arguments, **options)


class Fetching:
    """Has a peer fetch files by name, several at once, and remembers how each download went."""

    def __init__(self, peer, names):
        self.peer = peer
        self.waiting = list(names)
        self.begun = {}
        self.seconds = {}
        self.failures = {}

    def step(self):
        """Begins what can begin and sees what has ended. Whether all has."""
        while self.waiting and len(self.begun) < AT_ONCE:
            self._begin(self.waiting.pop())
        status, downloads = self.peer.call("GET", "/api/v1/downloads?limit=200")
        assert status == 200, downloads
        for item in downloads["items"]:
            if item["name"] not in self.begun:
                continue
            if item["state"] == "sharing":
                self.seconds[item["name"]] = time.monotonic() - self.begun.pop(item["name"])
            elif item["state"] == "failed":
                del self.begun[item["name"]]
                self.failures[item["name"]] = item["message"]
        return not self.waiting and not self.begun

    def _begin(self, name):
        self.begun[name] = time.monotonic()
        status, said = self.peer.call("POST", "/api/v1/downloads", {"name": name})
        if status != 201:
            del self.begun[name]
            self.failures[name] = said

    def give_up(self, why):
        """What has not ended by now counts as failed."""
        for name in self.waiting + list(self.begun):
            self.failures[name] = f"{why}: {self.peer.item(name) or 'never begun'}"


@needs_isolation
class Loss(Swarm):
    servers, fetchers, files = 6, 3, 5
    sizes = 128 * KIB, 768 * KIB
    patience = 400 if SANITIZED else 200
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.switch = Switch(self)
        machine = self.switch.machine(MEGABITS)
        with machine.entered():
            self.group = Group(self, host=machine.host)

    def peers(self, kind, count):
        return [DistantPeer(self.switch.machine(MEGABITS), self.group, f"{kind}-{i}")
                for i in range(count)]

    def serve(self):
        """The files, by name, and the peers that have all of them."""
        chance = random.Random(1)
        sources = {name: make_file(self.path("sources", name), chance.randint(*self.sizes), name)
                   for name in (f"file-{i}" for i in range(self.files))}
        servers = self.peers("server", self.servers)
        publisher, *others = servers
        for name, path in sources.items():
            publisher.publish(path, name)
        for name in sources:
            publisher.wait_for(name, listed=True)
        for peer in others:
            for name in sources:
                peer.fetch(name)
        for peer in others:
            for name in sources:
                peer.wait_for(name, listed=True)
        return sources, servers

    def fetch_all(self, fetchings, victims):
        """Ends the victims one by one while the first half of the downloads ends."""
        total = self.files * len(fetchings)

        def fetch(fetching):
            try:
                wait_until(fetching.step, "downloads to end", self.patience, period=0.1)
            except AssertionError as error:
                fetching.give_up(error)

        def kill():
            for i, victim in enumerate(victims):
                enough = total * i // (2 * len(victims)) + 1
                wait_until(lambda: sum(len(one.seconds) + len(one.failures) for one in fetchings)
                           >= enough, f"{enough} downloads to end", self.patience)
                victim.program.stop(signal.SIGKILL, code=-signal.SIGKILL)

        together(kill, *(lambda one=one: fetch(one) for one in fetchings))

    def test_downloads_succeed_while_packets_are_lost_and_half_of_the_serving_peers_die(self):
        sources, servers = self.serve()
        fetchers = self.peers("fetcher", self.fetchers)
        for machine in self.switch.machines:
            machine.lose(PERCENT_LOST)
        # Not all begin with the same file.
        chance = random.Random(2)
        fetchings = [Fetching(peer, chance.sample(sorted(sources), len(sources)))
                     for peer in fetchers]
        began = time.monotonic()
        victims = servers[:len(servers) // 2]
        self.fetch_all(fetchings, victims)
        took = time.monotonic() - began

        failures = {(one.peer.name, name): why for one in fetchings
                    for name, why in one.failures.items()}
        for one in fetchings:
            for name in one.seconds:
                if not filecmp.cmp(sources[name], one.peer.path("downloads", name), shallow=False):
                    failures[one.peer.name, name] = "other content"
        seconds = [each for one in fetchings for each in one.seconds.values()]
        self.assertTrue(seconds, failures)
        arrived, lost = map(sum, zip(*(machine.packets() for machine in self.switch.machines)))
        total = len(fetchings) * len(sources)
        print(f"{total - len(failures)} of {total} downloads whole, {len(victims)} of "
              f"{len(servers)} serving peers killed, {100 * lost / arrived:.1f} % of {arrived} "
              f"packets lost; median {statistics.median(seconds):.1f} s, worst "
              f"{max(seconds):.1f} s, all {took:.0f} s", flush=True)
        self.assertEqual(failures, {})
        self.assertAlmostEqual(100 * lost / arrived, PERCENT_LOST, delta=2)


class Forwarder:
    """A way to a server that can swallow the next call: it is accepted and never answered."""

    def __init__(self, case, host, port, come_from):
        self.case, self.target, self.come_from = case, (host, port), come_from
        self.calls = 0
        self.swallow_next = False
        self.swallowed = []
        self.listener = socket.create_server((ADDRESSES.fresh(), 0))
        self.address = self.listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()
        # Only a shutdown wakes the thread that waits for a call.
        case.addCleanup(self.listener.close)
        case.addCleanup(self.listener.shutdown, socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                caller = self.listener.accept()[0]
            except OSError:
                return
            self.calls += 1
            if self.swallow_next:
                self.swallow_next = False
                self.swallowed.append(caller)
                self.case.addCleanup(caller.close)
                continue
            threading.Thread(target=self._connect, args=(caller,), daemon=True).start()

    def _connect(self, caller):
        with caller, socket.create_connection(
                self.target, source_address=(self.come_from, 0)) as server:
            together(lambda: self._pass(caller, server), lambda: self._pass(server, caller))

    @staticmethod
    def _pass(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@needs_isolation
class LostCall(Swarm):
    def test_a_call_of_the_tracker_that_is_lost_leaves_the_peer_in_its_group(self):
        group = Group(self)
        host = ADDRESSES.fresh()
        way = Forwarder(self, group.host, group.port, host)
        there = f"{group.host}:{group.port}"
        group.ready["join"] = group.ready["join"].replace(there, "%s:%d" % way.address)
        peer = Peer(group, "a", host=host)

        def connected():
            status, said = peer.call("GET", "/api/v1/status")
            self.assertEqual(status, 200, said)
            return said["tracker"]["connected"]

        wait_until(connected, "the group")
        # With nothing to share or fetch, the peer's only calls are those that keep it a member.
        way.swallow_next = True
        wait_until(lambda: way.swallowed, "a call")
        calls = way.calls

        def asked_again():
            self.assertTrue(connected())
            return way.calls > calls
        wait_until(asked_again, "the next call")
        self.assertTrue(connected())


if __name__ == "__main__":
    unittest.main()
