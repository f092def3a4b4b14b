"""``manage.py simulate``: try a simulated network before relying on a real one.

The simulator is a command line of its own; this one hands over to it, so output, Ctrl-C and exit status
are its own.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from django.core.management import BaseCommand, CommandError

SIMULATOR = "peernode.simulation"


class Command(BaseCommand):
    """Become the simulator, told what was asked for here."""

    help = (
        "Run a simulated network of real nodes, with the faults that a scenario describes, and say whether "
        "every promise was kept. Without SCENARIO: list the scenarios that ship. "
        "Exit status 0: all held; 1: something did not; 2: the scenario or an option can't be used."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's; the app's settings don't matter here

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """A choice of the simulator's own options."""
        parser.add_argument("scenario", nargs="?", metavar="SCENARIO", help="a shipped name or a TOML file")
        parser.add_argument("--seed", help="which of all possible runs; the same seed is the same run")
        parser.add_argument("--html", metavar="OUT.html", help="write the report as a page to look at")
        parser.add_argument("--json", metavar="OUT.json", help="write the result for programs")
        parser.add_argument("--sweep", metavar="A:B", help="run all seeds from A to B and sum them up")

    def handle(self, *args: Any, **options: Any) -> None:
        """Hand over."""
        arguments = simulator_arguments(options)
        self.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-m", SIMULATOR, *arguments])  # noqa: S606 - our own


def simulator_arguments(options: dict[str, Any]) -> list[str]:
    """The simulator's command line."""
    if options["scenario"] is None:
        return ["list"]
    if options["sweep"] is not None and options["seed"] is not None:
        raise CommandError("either --seed for one run or --sweep for many", returncode=2)
    asked = [options["scenario"]]
    for name in ("json", "html"):
        if options[name] is not None:
            asked.append(f"--{name}={options[name]}")
    if options["sweep"] is not None:
        return ["sweep", *asked, f"--seeds={options['sweep']}"]
    return ["run", *asked, *([f"--seed={options['seed']}"] if options["seed"] is not None else [])]
