"""Damaged, hostile and absurd torrents and magnet links: the same ones in every run.

cases() yields (name, bytes). Run as a program, `generate.py FOLDER` writes them all into a folder.
With --step it writes one at a time as FOLDER/case, prints its name, and goes on at the next line of
standard input.
"""
import hashlib
import os
import random
import sys


def bencode(value):
    """Encodes as it stands: a list of pairs is a dictionary whose keys nobody sorts."""
    if isinstance(value, Raw):
        return value.bytes
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, dict):
        pairs = sorted((k.encode() if isinstance(k, str) else k, v) for k, v in value.items())
        return b"d" + b"".join(bencode(k) + bencode(v) for k, v in pairs) + b"e"
    if isinstance(value, Pairs):
        return b"d" + b"".join(bencode(k) + bencode(v) for k, v in value) + b"e"
    return b"l" + b"".join(bencode(v) for v in value) + b"e"


class Raw:
    """Bytes that are put in as they are."""

    def __init__(self, raw):
        self.bytes = raw


class Pairs(list):
    """A dictionary in the order given, keys as often as given."""


PIECE = 16384
HASH = b"h" * 20
ROOT = b"r" * 32
NUMBERS = [0, 1, -1, -2**63, 2**63 - 1, 2**63, -2**63 - 1, 2**31, 2**32, 2**62, 10**30]
NAMES = [b"", b".", b"..", b"/", b"a/b", b"../x", b"/etc/passwd", b"\0", b"a\0b", b"\xff\xfe", b"\\",
         b"..\\..\\x", b"C:\\x", b"CON", b"nul.txt", b"a" * 256, b"a" * 100_000, "ả".encode() * 200,
         b"\x1b[2J", b"a\nb", "\u202egnp.exe".encode(), b" ", b"...", b".progress", b"-rf"]


def info_v1(**changes):
    info = {"length": PIECE, "name": "n", "piece length": PIECE, "pieces": HASH}
    info.update({k.replace("_", " "): v for k, v in changes.items()})
    return {k: v for k, v in info.items() if v is not None}


def folder_v1(files, **changes):
    size = 0 if isinstance(files, Raw) else sum(f["length"] for f in files
               if isinstance(f, dict) and isinstance(f.get("length"), int) and f["length"] > 0)
    pieces = HASH * min(-(-size // PIECE), 1000)
    return info_v1(length=None, files=files, pieces=pieces, **changes)


def file_v2(length=1, root=ROOT, **more):
    return {"": {"length": length, **({"pieces root": root} if root else {}), **more}}


def info_v2(tree, **changes):
    info = {"file tree": tree, "meta version": 2, "name": "n", "piece length": PIECE}
    info.update({k.replace("_", " "): v for k, v in changes.items()})
    return {k: v for k, v in info.items() if v is not None}


def torrent(info, **more):
    return bencode({"announce": "http://127.0.0.1:1/announce", "info": info,
                    **{k.replace("_", " "): v for k, v in more.items()}})


def good():
    """One sound torrent of each kind, for damaging."""
    block = b"x" * 20_000
    leaves = [hashlib.sha256(block[:PIECE]).digest(), hashlib.sha256(block[PIECE:]).digest()]
    root = hashlib.sha256(b"".join(leaves)).digest()
    small = hashlib.sha256(b"y").digest()
    tree = {"a": file_v2(20_000, root), "b": file_v2(1, small)}
    layers = {root: b"".join(leaves)}
    files = [{"length": 20_000, "path": ["a"]},
             {"attr": "p", "length": 2 * PIECE - 20_000, "path": [".pad", "12768"]},
             {"length": 1, "path": ["b"]}]
    yield "single", torrent(info_v1())
    yield "folder", torrent(folder_v1(files))
    yield "v2", torrent(info_v2(tree), piece_layers=layers)
    yield "hybrid", torrent(info_v2(tree, files=files, pieces=HASH * 3), piece_layers=layers)


def damaged(noise):
    for name, sound in good():
        yield f"good-{name}", sound
        for i in range(0, len(sound), max(1, len(sound) // 25)):
            yield f"cut-{name}-{i}", sound[:i]
        for i in range(60):
            broken = bytearray(sound)
            for _ in range(noise.randint(1, 4)):
                broken[noise.randrange(len(broken))] = noise.randrange(256)
            yield f"flip-{name}-{i}", bytes(broken)
        for i in range(20):
            at, size = noise.randrange(len(sound)), noise.randint(1, 30)
            yield f"cutout-{name}-{i}", sound[:at] + sound[at + size:]
            yield f"double-{name}-{i}", sound[:at] + sound[at:at + size] * 2 + sound[at + size:]
        yield f"tail-{name}", sound + b"x"
        yield f"twice-{name}", sound + sound


def numbers():
    for n in NUMBERS:
        yield f"length-{n}", torrent(info_v1(length=n))
        yield f"piece-length-{n}", torrent(info_v1(piece_length=n))
        yield f"file-length-{n}", torrent(folder_v1([{"length": n, "path": ["a"]}]))
        yield f"sum-{n}", torrent(folder_v1([{"length": n, "path": [str(i)]} for i in range(4)]))
        yield f"v2-length-{n}", torrent(info_v2({"a": file_v2(n)}))
        yield f"v2-piece-length-{n}", torrent(info_v2({"a": file_v2()}, piece_length=n))
        yield f"version-{n}", torrent(info_v2({"a": file_v2()}, meta_version=n))
        yield f"private-{n}", torrent(info_v1(private=n))
        yield f"date-{n}", torrent(info_v1(), creation_date=n)
    for count in (0, 2, 3, 1000):
        yield f"pieces-{count}", torrent(info_v1(pieces=HASH * count))
    yield "pieces-odd", torrent(info_v1(pieces=HASH + b"x"))
    yield "empty-file", torrent(info_v1(length=0, pieces=b""))


def names():
    for i, n in enumerate(NAMES):
        yield f"name-{i}", torrent(info_v1(name=n))
        yield f"path-{i}", torrent(folder_v1([{"length": 1, "path": [n]}]))
        yield f"path-inside-{i}", torrent(folder_v1([{"length": 1, "path": ["a", n, "b"]}]))
        yield f"utf8-path-{i}", torrent(folder_v1([{"length": 1, "path": ["a"], "path.utf-8": [n]}]))
        yield f"v2-name-{i}", torrent(info_v2({n: file_v2()}))
        yield f"v2-folder-{i}", torrent(info_v2({n: {"a": file_v2()}}))
        yield f"symlink-{i}", torrent(folder_v1(
            [{"attr": "l", "length": 0, "path": ["s"], "symlink path": [n]},
             {"length": 1, "path": ["s", "x"]}]))
    one = {"length": 1, "path": ["a"]}
    yield "same-path", torrent(folder_v1([one, one]))
    yield "file-and-folder", torrent(folder_v1([one, {"length": 1, "path": ["a", "b"]}]))
    yield "case-clash", torrent(folder_v1([one, {"length": 1, "path": ["A"]}]))
    yield "form-clash", torrent(folder_v1([{"length": 1, "path": ["\u00e9"]},
                                           {"length": 1, "path": ["e\u0301"]}]))
    yield "path-deep", torrent(folder_v1([{"length": 1, "path": ["d"] * 5000}]))
    yield "path-long", torrent(folder_v1([{"length": 1, "path": ["d" * 250] * 60}]))


def kinds():
    odd = [0, "", b"\xff", [], {}, [[]], {"a": 1}, ["a", 1], [b""], Raw(b"i-0e"), Raw(b"i01e")]
    for i, value in enumerate(odd):
        for key in ("length", "name", "piece length", "pieces", "files", "private", "meta version",
                    "file tree", "name.utf-8"):
            yield f"kind-{key}-{i}", torrent({**info_v1(), key: value})
        for key in ("info", "announce", "announce-list", "comment", "created by", "piece layers"):
            yield f"outer-{key}-{i}", bencode({"info": info_v1(), key: value})
        for key in ("length", "path", "attr", "path.utf-8"):
            yield f"file-{key}-{i}", torrent(folder_v1([{"length": 1, "path": ["a"], key: value}]))
        for key in ("length", "pieces root", "attr"):
            yield f"v2-file-{key}-{i}", torrent(info_v2({"a": {"": {"length": 1, "pieces root": ROOT,
                                                                   key: value}}}))
        yield f"v2-entry-{i}", torrent(info_v2({"a": value}))
        yield f"v2-leaf-{i}", torrent(info_v2({"a": {"": value}}))
        yield f"root-{i}", bencode(value)


def halves():
    files = [{"length": PIECE, "path": ["a"]}, {"length": 1, "path": ["b"]}]
    tree = {"a": file_v2(PIECE), "b": file_v2(1)}
    changes = {
        "order": (list(reversed(files)), tree),
        "name": (files, {"a": file_v2(PIECE), "c": file_v2(1)}),
        "length": (files, {"a": file_v2(PIECE), "b": file_v2(2)}),
        "more": (files, {**tree, "c": file_v2(1)}),
        "fewer": (files, {"a": file_v2(PIECE)}),
        "unaligned": ([{"length": 5, "path": ["a"]}, files[1]], {"a": file_v2(5), "b": file_v2(1)}),
        "padding": ([files[0], {"attr": "p", "length": 10 * PIECE, "path": ["p"]}, files[1]], tree),
    }
    for name, (v1, v2) in changes.items():
        yield f"halves-{name}", torrent({**folder_v1(v1), **info_v2(v2)}, piece_layers={})
    yield "halves-single", torrent({**info_v1(), **info_v2({"other": file_v2(PIECE)})})
    yield "root-zero", torrent(info_v2({"a": file_v2(1, b"\0" * 32)}))
    yield "root-short", torrent(info_v2({"a": file_v2(1, b"r" * 31)}))
    yield "layer-missing", torrent(info_v2({"a": file_v2(2 * PIECE)}))
    for name, layer in {"wrong": b"l" * 64, "short": b"l" * 32, "odd": b"l" * 63, "list": [],
                        "zero": b"\0" * 64, "empty": b""}.items():
        yield f"layer-{name}", torrent(info_v2({"a": file_v2(2 * PIECE)}), piece_layers={ROOT: layer})
    yield "layers-list", torrent(info_v2({"a": file_v2(2 * PIECE)}), piece_layers=[])


def structure():
    yield "nothing", b""
    yield "zeros", b"\0" * 10_000
    yield "text", b"this is no torrent\n"
    yield "page", b"<!DOCTYPE html><html><body>404</body></html>"
    yield "key-twice", bencode(Pairs([("info", info_v1()), ("info", info_v1())]))
    yield "key-twice-inside", torrent(Pairs([("length", 1), ("length", 2), ("name", "n")]))
    yield "keys-unsorted", bencode(Pairs([("info", info_v1()), ("announce", "http://t/")]))
    for opening, name in ((b"l", "lists"), (b"d1:a", "dictionaries"), (b"d4:info", "infos")):
        for depth in (10, 100, 10_000, 5_000_000):
            yield f"deep-{name}-{depth}", opening * depth
            if depth < 1_000_000:
                yield f"deep-closed-{name}-{depth}", opening * depth + b"0:" + b"e" * depth
    nested = file_v2()
    for _ in range(200):
        nested = {"d": nested}
    yield "tree-deep", torrent(info_v2(nested))
    for length in (b"99999999999", b"4294967296", b"18446744073709551616", b"-1", b"00", b"1_0"):
        yield f"string-{length.decode()}", b"d4:info" + length + b":x"
    yield "integer-endless", b"d1:ai" + b"1" * 1_000_000


def large():
    """What costs most for its size."""
    mib = 1 << 20
    yield "large-integers", bencode({"a": Raw(b"l" + b"i1e" * (13 * mib) + b"e")})
    yield "large-strings", bencode({"a": Raw(b"l" + b"0:" * (19 * mib) + b"e")})
    yield "large-keys-unsorted", b"d" + b"".join(b"8:%08di0e" % i for i in range(3_000_000, 0, -1)) + b"e"
    yield "large-pieces", torrent(info_v1(length=2_000_000 * PIECE, pieces=HASH * 2_000_000))
    yield "large-many-files", torrent(folder_v1(
        Raw(b"l" + b"d6:lengthi0e4:pathl1:aee" * 1_600_000 + b"e")))
    yield "large-distinct-files", torrent(folder_v1(Raw(
        b"l" + b"".join(b"d6:lengthi0e4:pathl6:%06xee" % i for i in range(1_300_000)) + b"e")))
    yield "large-200k-files", torrent(folder_v1(Raw(
        b"l" + b"".join(b"d6:lengthi0e4:pathl6:%06xee" % i for i in range(200_000)) + b"e")))
    yield "large-long-names", torrent(folder_v1(Raw(
        b"l" + b"".join(b"d6:lengthi0e4:pathl250:%0250xee" % i for i in range(140_000)) + b"e")))
    yield "large-padding", torrent(folder_v1(Raw(
        b"l" + b"d4:attr1:p6:lengthi0e4:pathl1:aee" * 1_000_000 + b"e")))
    tree = b"".join(b"6:%06xd0:d6:lengthi0eee" % i for i in range(1_300_000))
    yield "large-tree", torrent(info_v2(Raw(b"d" + tree + b"e")))
    shared = b"".join(b"250:" + b"d" * 250 + b"d" for _ in range(12))
    tree = b"".join(b"6:%06xd0:d6:lengthi0eee" % i for i in range(100_000))
    yield "large-tree-shared", torrent(info_v2(Raw(b"d" + shared + tree + b"e" * 13)))
    roots = b"".join(b"6:%06xd0:d6:lengthi32768e11:pieces root32:%s" % (i, ROOT) + b"ee"
                     for i in range(60_000))
    yield "large-same-root", torrent(info_v2(Raw(b"d" + roots + b"e")), piece_layers={ROOT: b"l" * 64})
    count = 1 << 20
    node = b"l" * 32
    for _ in range(20):
        node = hashlib.sha256(node * 2).digest()
    for name, root in (("good", node), ("wrong", ROOT)):
        yield f"large-layer-{name}", torrent(info_v2({"a": file_v2(count * PIECE, root)}),
                                             piece_layers={root: b"l" * (32 * count)})
    yield "large-trackers", torrent(info_v1(), announce_list=[["http://t%d/" % i] for i in range(300_000)])
    yield "large-comment", torrent(info_v1(), comment="c" * (30 * mib))
    yield "larger-than-allowed", b"d" + b"0" * (41 * mib)


def magnets(noise):
    v1 = "c9e15763f722f23e98a29decdfae341b98d53056"
    v2 = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb"
    sound = f"magnet:?xt=urn:btih:{v1}&xt=urn:btmh:1220{v2}&dn=x&tr=http://t/a&x.pe=1.2.3.4:5&so=1-3"
    yield "good", sound
    for i in range(0, len(sound), 4):
        yield f"cut-{i}", sound[:i]
    for i in range(100):
        broken = list(sound)
        for _ in range(noise.randint(1, 4)):
            broken[noise.randrange(8, len(broken))] = chr(noise.randint(33, 126))
        yield f"flip-{i}", "".join(broken)
    base = f"magnet:?xt=urn:btih:{v1}"
    for i, more in enumerate(["&" * 10_000, "&so=" + "1," * 40_000, "&so=0-99999999999", "&dn=%", "&dn=%4",
                              "&dn=%00%0a%1b[2J", "&tr=" + "x" * 50_000, "&x.pe=::1:5", "&x.pe=[",
                              "&tr=udp://t:1" * 5000, "&xt=urn:btih:" + "0" * 40, "&=", "&xt", "#&so=x",
                              "&dn=" + "%E1" * 30_000, "&x.pe=" + "a" * 300 + ":1", "&dn=" + "x" * 120_000]):
        yield f"more-{i}", base + more
    for i, text in enumerate(["magnet:", "magnet:?", "MAGNET:?XT=", "magnet:?xt=urn:btih:",
                              "magnet:?xt=urn:btih:" + "0" * 40, "magnet:?xt=urn:btih:" + "z" * 40,
                              "magnet:?xt=urn:btih:" + "1" * 32, "magnet:?xt=urn:btmh:1220" + v1,
                              "magnet:?xt=urn:btmh:" + v2, f"magnet:?xt=urn:sha1:{v1}"]):
        yield f"hash-{i}", text


def cases():
    noise = random.Random(20)
    for part in (damaged(noise), numbers(), names(), kinds(), halves(), structure(), large()):
        yield from part
    for name, link in magnets(noise):
        yield f"magnet-{name}", link.encode()


def main(folder, step):
    os.makedirs(folder, exist_ok=True)
    for case, content in cases():
        path = os.path.join(folder, "case" if step else case.replace("/", "_"))
        with open(path, "wb") as out:
            out.write(content)
        if step:
            print(case, flush=True)
            if not sys.stdin.readline():
                break


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:] == ["--step"])
