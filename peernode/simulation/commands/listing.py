"""``list``: the scenarios that ship, or the kinds of faults."""

from __future__ import annotations

import argparse

from peernode.simulation.commands import HELD
from peernode.simulation.faults import kinds
from peernode.simulation.scenario import SHIPPED, load

Commands = argparse._SubParsersAction  # the name that argparse has for it


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = commands.add_parser("list", help="the scenarios that ship, or the kinds of faults")
    parser.add_argument("--faults", action="store_true", help="kinds of faults, their keys and defaults")
    parser.set_defaults(carry_out=carry_out)


def carry_out(options: argparse.Namespace) -> int:
    """Print the list."""
    if options.faults:
        print(kinds.described())
        return HELD
    for path in sorted(SHIPPED.glob("*.toml")):
        scenario = load(path)
        about = first_comment(path.read_text(encoding="utf-8")) or scenario.name
        print(f"{path.stem:<20} {scenario.nodes.count:>6} nodes {scenario.duration_s:>5g} s  {about}")
    return HELD


def first_comment(text: str) -> str:
    """The comment line that a file begins with."""
    first = text.partition("\n")[0]
    return first.lstrip("#").strip() if first.startswith("#") else ""
