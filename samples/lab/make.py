#!/usr/bin/env python3
"""Makes the captures in samples/: real hosts, real kernels, a truth known by construction. Needs root; see README.md.

usage: make.py --list | make.py CASE [CASE…] [--out FOLDER] | make.py --all
"""
import argparse
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import envoy_laboratory
import laboratory
from cases import CASES
from envoy_cases import ENVOY_CASES

SAMPLES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="*")
    parser.add_argument("--list", action="store_true", help="names and stories")
    parser.add_argument("--all", action="store_true", help="every case, each to samples/CASE")
    parser.add_argument("--out", help="folder for one case (default samples/CASE)")
    options = parser.parse_args()
    by_name = {case.name: case for case in [*CASES, *ENVOY_CASES]}
    if options.list:
        for case in by_name.values():
            print(f"{case.name:32} {case.story}")
        return 0
    names = list(by_name) if options.all else options.case
    unknown = [name for name in names if name not in by_name]
    if not names or unknown or (options.out and len(names) > 1):
        parser.error(f"unknown case: {', '.join(unknown)}" if unknown else "name a case, or --all, or --list; --out takes one case")
    if os.geteuid():
        parser.error("network namespaces need root")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in names:
        began = time.monotonic()
        laboratory_of = envoy_laboratory if by_name[name] in ENVOY_CASES else laboratory
        laboratory_of.make(by_name[name], options.out or os.path.join(SAMPLES, name))
        print(f"{name}: {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
