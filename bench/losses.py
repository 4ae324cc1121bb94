#!/usr/bin/python3
"""200 downloads by name over links that lose packets, while half of the serving peers are killed.

The test of tests/interop/test_loss.py at full size: 10 peers fetch 20 files each from 8 others. The
tracker and each peer are processes on a network of their own, by a cable of 20 Mbit/s. Prints one
line; fails if any copy is not whole. SHOAL names the program; root or user namespaces are needed.
"""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ.setdefault("SHOAL", os.path.join(HERE, "../build/release/bin/shoal"))
sys.path.insert(0, os.path.join(HERE, "../tests/interop"))

import test_loss  # noqa: E402  # it reads SHOAL


class Losses(test_loss.Loss):
    servers, fetchers, files = 8, 10, 20
    sizes = 256 * 1024, 2048 * 1024
    patience = 1200


if __name__ == "__main__":
    unittest.main()
