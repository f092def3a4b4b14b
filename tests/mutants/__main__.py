"""``python -m tests.mutants``: hunts for broken engines and writes down who caught them.

    python -m tests.mutants [NAME ...] [--seeds 1:200] [--jobs 2] [--markdown docs/mutants.md]

The exit status is 0 when every mutant asked for was caught and the healthy engine was clean wherever it
was tried.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.mutants.catalogue import MUTANTS
from tests.mutants.hunt import Hunt, hunt, record
from tests.mutants.table import as_markdown, as_text


def _seeds(text: str) -> range:
    first, _, last = text.partition(":")
    return range(int(first), int(last or first) + 1)


def _hunt(name: str, seeds: range) -> Hunt:
    return hunt(MUTANTS[name], seeds)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which mutants (default: all)")
    parser.add_argument("--seeds", type=_seeds, default=range(1, 201), help="FROM:TO, both included")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--markdown", type=Path, help="write the table of all recorded catches to this file")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.names if name not in MUTANTS]
    if unknown:
        parser.error(f"no such mutant: {', '.join(unknown)}; there are {', '.join(MUTANTS)}")
    names = chosen.names or list(MUTANTS)
    hunts: list[Hunt] = []
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for found in pool.map(_hunt, names, [chosen.seeds] * len(names)):
            print(as_text(MUTANTS[found.mutant], found), flush=True)
            hunts.append(found)
    record(hunts, list(MUTANTS))
    if chosen.markdown is not None:
        chosen.markdown.write_text(as_markdown(), encoding="utf-8")
    return 0 if all(found.seed is not None and not found.unhealthy for found in hunts) else 1


if __name__ == "__main__":
    sys.exit(main())
