"""Machines of a test's own: networks joined by cables, which can be slow and lose packets."""
import contextlib
import ctypes
import json
import os
import subprocess

from swarm_tools import PATIENCE, wait_until

NEW_NETWORK = 0x40000000
# An address that is being checked for duplicates cannot be sent from; here nobody else can have it.
NO_CHECKS = "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad"
PACKET = 1514
LOSS = """
table inet loss {{
    counter arrived {{ }}
    counter lost {{ }}
    chain arriving {{
        type filter hook input priority 0; policy accept;
        iifname "cable" counter name arrived
        iifname "cable" numgen random mod 100 < {percent} counter name lost drop
    }}
}}
"""


def enter(network):
    """Moves this thread, and what it starts from now on, into a network."""
    with open(network, "rb") as handle:
        if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {network}")


class Machine:
    """A network of its own, with nothing in it but loopback. It ends with the test's programs."""

    def __init__(self, test):
        holder = test.start("unshare", "--net", "sleep", "infinity")
        ours = os.readlink("/proc/self/ns/net")
        self.handle = f"/proc/{holder.pid}/ns/net"
        wait_until(lambda: os.readlink(self.handle) != ours, "a network of its own")
        self.pid = holder.pid
        self.run("sh", "-c", NO_CHECKS)
        self.run("ip", "link", "set", "lo", "up")

    def inside(self, *argv):
        return ["nsenter", f"--net={self.handle}", "--", *map(str, argv)]

    def run(self, *argv, **options):
        return subprocess.run(self.inside(*argv), check=True, timeout=PATIENCE, **options)

    @contextlib.contextmanager
    def entered(self):
        """Sockets and programs of this thread are the machine's for the time being."""
        home = "/proc/thread-self/ns/net"
        with open(home, "rb") as back:
            enter(self.handle)
            try:
                yield
            finally:
                enter(f"/proc/self/fd/{back.fileno()}")

    def address(self, link, *addresses):
        for address in addresses:
            self.run("ip", "address", "add", address, "dev", link,
                     *(["nodad"] if ":" in address else []))

    def limit(self, link, megabits):
        """What goes out by the link: this fast, with a queue of 50 ms."""
        burst = 10 * PACKET
        self.run("tc", "qdisc", "add", "dev", link, "root", "tbf", "rate", f"{megabits}mbit",
                 "burst", burst, "limit", burst + megabits * 1_000_000 // 8 // 20)

    def lose(self, percent):
        """From now on, of the packets that come by the cable."""
        self.run("nft", "-f", "-", input=LOSS.format(percent=percent), text=True)

    def traffic(self):
        """What has come by the cable and what has gone: (bytes, packets) each, with headers."""
        with open(f"/proc/{self.pid}/net/dev", encoding="ascii") as interfaces:
            cable = next(line for line in interfaces if line.split(":")[0].strip() == "cable")
        counts = [int(field) for field in cable.split(":")[1].split()]
        return tuple(counts[0:2]), tuple(counts[8:10])

    def packets(self):
        """How many have come by the cable since lose(), and how many of them were lost."""
        listed = self.run("nft", "-j", "list", "counters", capture_output=True, text=True)
        counts = {one["counter"]["name"]: one["counter"]["packets"]
                  for one in json.loads(listed.stdout)["nftables"] if "counter" in one}
        return counts["arrived"], counts["lost"]


class Switch:
    """Machines beside each other on 10.88.0.0/24, each by a cable of its own."""

    def __init__(self, test):
        self.test = test
        self.hub = Machine(test)
        self.hub.run("ip", "link", "add", "switch", "type", "bridge")
        self.hub.run("ip", "link", "set", "switch", "up")
        self.machines = []

    def machine(self, up, down=None, batches=False):
        """One more, by a cable of these rates (the same in both directions, if only one is given);
        its address is in `.host`. Batches of segments cost less of the processors' time than the
        single packets of a real cable, of which a lost one is one segment."""
        machine = Machine(self.test)
        self.machines.append(machine)
        number = len(self.machines)
        port = f"port{number}"
        self.hub.run("ip", "link", "add", port, "type", "veth", "peer", "name", "cable", "netns",
                     machine.pid)
        for where, link, rate in ((self.hub, port, down or up), (machine, "cable", up)):
            if not batches:
                where.run("ip", "link", "set", link, "gso_max_segs", 1)
            where.limit(link, rate)
        self.hub.run("ip", "link", "set", port, "master", "switch", "up")
        machine.host = f"10.88.0.{number}"
        machine.address("cable", f"{machine.host}/24")
        machine.run("ip", "link", "set", "cable", "up")
        return machine
