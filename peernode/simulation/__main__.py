"""``python -m peernode.simulation``: simulated networks from the command line.

Exit status 0 when everything holds, 1 when something does not, 2 for a scenario or an option that
this version can't carry out. ``commands`` has a module per command.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable

from peernode.simulation.commands import NOT_HELD, UNUSABLE, listing, running, shrinking, stressing, sweeping
from peernode.simulation.schema import ScenarioError


def main(arguments: list[str] | None = None) -> int:
    """Carry out the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m peernode.simulation", description="Simulated networks.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command in (listing, running, sweeping, shrinking, stressing):
        command.add(commands)
    options = parser.parse_args(arguments)
    # What nodes log is judged by the checkers; here it would only interleave.
    logging.getLogger("peernode").setLevel(logging.CRITICAL)
    carry_out: Callable[[argparse.Namespace], int] = options.carry_out
    try:
        return carry_out(options)
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:
        # Whoever read the output has read enough; what Python flushes at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_HELD
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return NOT_HELD


if __name__ == "__main__":
    sys.exit(main())
