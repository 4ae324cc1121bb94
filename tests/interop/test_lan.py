"""Trackers are found across a real link: two networks of the test's own, joined by a cable.

LAN_TOOL names the program of lan_tool.cpp.
"""
import json
import os
import re
import subprocess
import unittest
import urllib.parse

import machines
from swarm_tools import PATIENCE, SHOAL, Swarm, wait_until
from terminal import Terminal

HERE = os.path.dirname(os.path.abspath(__file__))
LAN_TOOL = os.path.abspath(os.environ.get("LAN_TOOL", "build/release/bin/lan_tool"))
DNS_SD = ["/usr/bin/python3", os.path.join(HERE, "dns_sd_client.py")]


class Machine(machines.Machine):
    def find(self):
        """What a search from here finds; it says nothing else."""
        done = subprocess.run(self.inside(LAN_TOOL, "find"), capture_output=True, text=True,
                              timeout=PATIENCE)
        if done.returncode != 0 or done.stderr:
            raise AssertionError(f"exit {done.returncode}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]


class Lan(Swarm):
    def setUp(self):
        super().setUp()
        self.here, self.there = Machine(self), Machine(self)

    def connect(self):
        """A cable, called `cable` at both ends, not yet in use."""
        self.here.run("ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable",
                      "netns", self.there.pid)

    def cable_with_addresses(self):
        self.connect()
        self.here.address("cable", "10.88.0.1/24")
        self.there.address("cable", "10.88.0.2/24")
        self.use(self.here)
        self.use(self.there)

    def use(self, machine):
        machine.run("ip", "link", "set", "cable", "up")

    def present(self, machine, name, port):
        program = self.start(*machine.inside(LAN_TOOL, "present", name, port))
        program.line(lambda text: text == "ready")
        return program

    def test_a_tracker_on_the_link_is_found_with_all_its_addresses(self):
        self.connect()
        self.here.address("cable", "10.88.0.1/24", "fd00:88::1/64")
        self.there.address("cable", "10.88.0.2/24", "fd00:88::2/64")
        self.use(self.here)
        self.use(self.there)
        tracker = self.present(self.there, "Lớp 7A", 5000)
        self.assertEqual(self.here.find(), [{"name": "Lớp 7A", "port": 5000,
                                             "addresses": ["10.88.0.2", "fd00:88::2"]}])
        # On its own machine too, and there by loopback as well.
        (own,) = self.there.find()
        self.assertEqual(own["addresses"][:2], ["10.88.0.2", "fd00:88::2"])
        self.assertIn("127.0.0.1", own["addresses"])
        tracker.stop()
        self.assertEqual(self.here.find(), [])

    def test_other_tools_see_a_tracker(self):
        self.cable_with_addresses()
        self.present(self.there, "Lớp 7A", 5000)
        done = subprocess.run(self.here.inside(*DNS_SD, "browse"), capture_output=True, text=True,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout), {
            "name": "Lớp 7A 00000000", "port": 5000, "key": "A" * 43, "addresses": ["10.88.0.2"]})

    def test_answers_of_other_tools_are_understood(self):
        self.cable_with_addresses()
        tool = self.start(*self.there.inside(*DNS_SD, "register", "Lớp 7A 00000000", "A" * 43,
                                             "10.88.0.2"))
        tool.line(lambda text: text == "ready")
        found = wait_until(self.here.find, "a tracker")
        self.assertEqual(found, [{"name": "Lớp 7A", "port": 5000, "addresses": ["10.88.0.2"]}])

    def test_two_trackers_are_both_found(self):
        self.cable_with_addresses()
        self.present(self.there, "a", 5000)
        self.present(self.there, "b", 5001)
        self.assertEqual([tracker["name"] for tracker in self.here.find()], ["a", "b"])

    def test_link_local_addresses_are_enough(self):
        self.connect()
        self.use(self.here)
        self.use(self.there)
        self.present(self.there, "x", 5000)
        (found,) = wait_until(self.here.find, "a tracker")
        (address,) = found["addresses"]
        self.assertTrue(address.startswith("fe80::") and address.endswith("%cable"), address)

    def test_who_is_of_another_network_is_not_believed(self):
        self.connect()
        for machine in (self.here, self.there):
            machine.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/cable/disable_ipv6")
        self.here.address("cable", "10.88.0.1/24")
        self.there.address("cable", "10.99.0.2/24", "10.88.0.2/32")
        self.use(self.here)
        self.use(self.there)
        self.present(self.there, "x", 5000)
        self.assertEqual(self.here.find(), [])
        # The same machine is believed as soon as it is one of the link.
        self.there.run("ip", "address", "flush", "dev", "cable")
        self.there.address("cable", "10.88.0.2/24")
        (found,) = wait_until(self.here.find, "a tracker")
        self.assertEqual(found["addresses"], ["10.88.0.2"])

    def test_a_link_that_comes_up_later_is_used(self):
        self.present(self.there, "x", 5000)
        self.cable_with_addresses()
        (found,) = wait_until(self.here.find, "a tracker")
        self.assertEqual(found["addresses"], ["10.88.0.2"])

    def test_a_peer_without_a_link_offers_the_trackers_around_it(self):
        self.cable_with_addresses()
        tracker = self.start(*self.there.inside(
            SHOAL, "--json", "tracker", "--data", self.path("tracker"), "--registration", "open",
            "--listen", "10.88.0.2:0", "--no-shell"))
        ready = tracker.event("ready")
        address = urllib.parse.urlsplit(ready["url"]).netloc
        key = re.search("k=([^/]+)", ready["join"])[1]
        peer = Terminal(self, *self.here.inside(
            SHOAL, "peer", "--data", self.path("peer"), "--listen", "10.88.0.1:0", "--web",
            "127.0.0.1:0"), prompt="shoal> ")
        peer.wait(rf"^  1  {re.escape(address)}  .*\n     key {re.escape(key)}$")
        for question, answer in ((r"none\)\?", "1"), ("Your name in the group:", "Lan"),
                                 (r"\[y/N\]", "y"), ("Password:", "một mật khẩu dài"),
                                 ("The same again:", "một mật khẩu dài")):
            peer.wait(question + r" \Z")
            peer.keys(answer + "\r")
        peer.ready()
        self.assertIn("Lan (member)", peer.command("whoami"))

    def test_without_a_network_nothing_is_found_and_nothing_said(self):
        self.assertEqual(self.here.find(), [])
        self.here.run("ip", "link", "set", "lo", "down")
        self.assertEqual(self.here.find(), [])
        program = self.start(*self.here.inside(LAN_TOOL, "present", "x", "5000"))
        program.line(lambda text: text == "ready")
        self.assertEqual(len(program.errors.splitlines()), 1, program.errors)
        program.stop()


if __name__ == "__main__":
    unittest.main()
