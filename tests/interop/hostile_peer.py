"""A peer that says whatever a test wants, byte by byte."""
import os
import socket
import struct
import threading

from swarm_tools import bencode

PROTOCOL = b"\x13BitTorrent protocol"
(CHOKE, UNCHOKE, INTERESTED, NOT_INTERESTED, HAVE, BITFIELD, REQUEST, PIECE, CANCEL) = range(9)
SUGGEST, HAVE_ALL, HAVE_NONE, REJECT, ALLOWED_FAST, EXTENDED = 13, 14, 15, 16, 17, 20
BLOCK = 16384


def message(number, payload=b""):
    return struct.pack(">IB", 1 + len(payload), number) + payload


def numbers(*values):
    return struct.pack(f">{len(values)}I", *values)


def handshake(info_hash, peer_id=None, reserved=b"\0\0\0\0\0\x10\0\x04"):
    return PROTOCOL + reserved + info_hash + (peer_id or b"-XX0000-" + os.urandom(12))


def extended(number, value, data=b""):
    return message(EXTENDED, bytes([number]) + bencode(value) + data)


class Peer:
    """One connection, either way."""

    def __init__(self, connection):
        self.socket = connection
        self.socket.settimeout(30)
        self.buffer = b""

    @classmethod
    def call(cls, address):
        host, port = address.rsplit(":", 1)
        return cls(socket.create_connection((host, int(port)), 30))

    def send(self, *parts):
        """Says something; True while the other side listens."""
        try:
            self.socket.sendall(b"".join(parts))
            return True
        except OSError:
            return False

    def take(self, count):
        while len(self.buffer) < count:
            part = self.socket.recv(65536)
            if not part:
                raise ConnectionError("hung up")
            self.buffer += part
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def greet(self, info_hash, **options):
        self.send(handshake(info_hash, **options))
        return self.take(68)

    def hear(self):
        """The next message: its number and payload; a keep-alive has number -1."""
        length = struct.unpack(">I", self.take(4))[0]
        if length == 0:
            return -1, b""
        whole = self.take(length)
        return whole[0], whole[1:]

    def hear_until(self, number):
        while True:
            heard, payload = self.hear()
            if heard == number:
                return payload

    def hung_up(self, timeout=30):
        """True when the other side hangs up within so many seconds, whatever it says before."""
        self.socket.settimeout(timeout)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Server:
    """Waits to be called by a download, and has a way to treat each call."""

    def __init__(self, treat):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.calls = 0
        self.peers = []
        self._treat = treat
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.calls += 1
            peer = Peer(connection)
            self.peers.append(peer)
            threading.Thread(target=self._run, args=(peer,), daemon=True).start()

    def _run(self, peer):
        try:
            self._treat(peer)
        except OSError:
            pass

    def close(self):
        self.listener.close()
        for peer in self.peers:
            peer.close()
