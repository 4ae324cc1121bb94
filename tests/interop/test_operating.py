"""What an operator has of a tracker: its measurements."""
import http.client
import re
import unittest
import urllib.parse

from openapi import Description
from swarm_tools import ADDRESSES, Swarm, needs_isolation
from test_group import Group

API = Description("tracker.yaml")


def metrics(text):
    """Name and labels to value."""
    return {name: float(value) for name, value in
            re.findall(r"^([^# ].*) (\S+)$", text.decode(), re.MULTILINE)}


@needs_isolation
class Metrics(Swarm):
    def ask(self, port, **headers):
        """What /metrics says to somebody of the tracker's own machine."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", "/metrics", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def test_administrators_see_what_happens_in_a_group_and_members_do_not(self):
        group = Group(self)
        admin, member = group.administrator(), group.member("Lan")
        for token, status in ((None, 401), ("x" * 43, 401), (member, 403)):
            self.assertEqual(group.call("GET", "/metrics", token=token)[0], status)
        group.call("POST", "/api/v1/peers", {"daemon": "d", "port": 6999}, token=member)
        group.call("GET", "/announce?info_hash=short&passkey=wrong")
        status, said = group.call("GET", "/metrics", token=admin)
        self.assertEqual(status, 200)
        values = metrics(said)
        self.assertEqual(values["shoal_group_members"], 1)
        self.assertEqual(values["shoal_group_daemons"], 1)
        self.assertEqual(values['shoal_announces_total{result="refused"}'], 1)
        self.assertEqual(values['shoal_http_answers_total{status="4xx"}'], 3)
        self.assertEqual(values["shoal_http_connections"], 1)
        self.assertGreaterEqual(values["shoal_http_connections_total"], 8)
        self.assertNotIn(b"Lan", said)

    def test_its_own_machine_needs_no_token_but_a_page_there_is_no_machine(self):
        for access in ("group", "open"):
            with self.subTest(access=access):
                tracker = self.shoal("tracker", "--access", access, "--data", self.path(access),
                                     "--no-shell", "--listen", ":0")
                port = urllib.parse.urlsplit(tracker.event("ready")["url"]).port
                status, said = self.ask(port)
                self.assertEqual(status, 200)
                self.assertEqual(metrics(said)["shoal_swarms"], 0)
                self.assertIn(self.ask(port, Host="evil.example")[0], (401, 403))
                elsewhere = http.client.HTTPConnection("10.77.0.1", port, timeout=60)
                elsewhere.request("GET", "/metrics")
                self.assertIn(elsewhere.getresponse().status, (401, 403))
                elsewhere.close()


if __name__ == "__main__":
    unittest.main()
