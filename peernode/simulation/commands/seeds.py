"""Seeds on a command line: ``1:1000``, ``7``, ``1:12,40,77``."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from peernode.simulation.sweep import SEEDS_MAX

SEED_MAX = 2**63 - 1


def parse_seeds(words: str) -> list[int]:
    """Different seeds in the order given; ``a:b`` includes both ends."""
    seeds: dict[int, None] = {}
    for part in words.split(","):
        first, colon, last = part.partition(":")
        try:
            begin = int(first)
            end = int(last) if colon else begin
        except ValueError:
            raise argparse.ArgumentTypeError(f"{part!r} is neither a seed nor a range like 1:1000") from None
        if not 0 <= begin <= end <= SEED_MAX:
            raise argparse.ArgumentTypeError(f"{part!r}: 0 <= first <= last is expected")
        if len(seeds) + end - begin + 1 > SEEDS_MAX:
            raise argparse.ArgumentTypeError(f"more than {SEEDS_MAX} seeds")
        seeds.update(dict.fromkeys(range(begin, end + 1)))
    return list(seeds)


def whole_number(most: int, least: int = 1) -> Callable[[str], int]:
    """A reader of whole numbers from ``least`` to ``most``."""

    def read(words: str) -> int:
        try:
            number = int(words)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{words!r} is not a whole number") from None
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{number} is not from {least} to {most}")
        return number

    return read


seed_number = whole_number(SEED_MAX, 0)
"""A reader of one seed."""
