"""Runs broken and healthy engines on the same scenario and seed, and says who noticed what.

A hunt tries the seeds in order until a checker (or a bound of the scenario) that the mutant names
objects. The healthy engine must be clean on every seed tried, or the catch proves nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from peernode.simulation.result import summarize
from peernode.simulation.run import run
from peernode.simulation.scenario import parse
from tests.mutants.mutant import SCENARIOS, Mutant

CAUGHT = Path(__file__).parent / "caught.json"


def objections(scenario: str, seed: int) -> dict[str, str]:
    """Checker or ``expect.NAME`` -> its first objection to a run with the engine as it is now."""
    text = (SCENARIOS / f"{scenario}.toml").read_text(encoding="utf-8")
    logging.getLogger("peernode").setLevel(logging.CRITICAL + 1)  # broken engines are noisy
    result = summarize(run(parse(text, f"{scenario}.toml"), seed), 0.0, 0.0)
    found = {name: verdict["violations"][0] for name, verdict in result.checkers.items() if not verdict["ok"]}
    found.update(
        (f"expect.{name}", f"{item['actual']} instead of {item['bound']}")
        for name, item in result.expect.items()
        if not item["ok"]
    )
    return found


@cache
def healthy_objections(scenario: str, seed: int) -> dict[str, str]:
    """The same for the healthy engine; several mutants share a scenario."""
    return objections(scenario, seed)


def mutant_objections(mutant: Mutant, seed: int) -> dict[str, str]:
    """The same for a broken engine."""
    with mutant.applied():
        return objections(mutant.scenario, seed)


@dataclass(frozen=True, slots=True)
class Hunt:
    """How the hunt for one mutant went; ``seed`` is None when nobody noticed."""

    mutant: str
    seed: int | None
    seeds: int
    """How many seeds it took."""
    objections: dict[str, str]
    """Who objected at that seed, and how; also those that the mutant does not name."""
    unhealthy: dict[int, dict[str, str]]
    """Seed -> what was wrong with the healthy engine: a bug of its own."""


def hunt(mutant: Mutant, seeds: Iterable[int]) -> Hunt:
    """Try seeds until one of ``mutant.caught_by`` objects."""
    unhealthy: dict[int, dict[str, str]] = {}
    count = 0
    for count, seed in enumerate(seeds, start=1):
        if found := healthy_objections(mutant.scenario, seed):
            unhealthy[seed] = found
            continue
        found = mutant_objections(mutant, seed)
        if any(name in found for name in mutant.caught_by):
            return Hunt(mutant.name, seed, count, found, unhealthy)
    return Hunt(mutant.name, None, count, {}, unhealthy)


@dataclass(frozen=True, slots=True)
class Catch:
    """What is kept of a hunt that found something."""

    seed: int
    seeds: int
    caught_by: tuple[str, ...]


def recorded() -> dict[str, Catch]:
    """Mutant -> how it was caught when it was hunted last."""
    if not CAUGHT.exists():
        return {}
    rows = json.loads(CAUGHT.read_text(encoding="utf-8"))
    return {name: Catch(row["seed"], row["seeds"], tuple(row["caught_by"])) for name, row in rows.items()}


def record(hunts: list[Hunt], order: list[str]) -> None:
    """Write down the catches, in the catalogue's order; what was not hunted for stays as it was."""
    known = recorded()
    for found in hunts:
        known.pop(found.mutant, None)
        if found.seed is not None:
            known[found.mutant] = Catch(found.seed, found.seeds, tuple(found.objections))
    rows = {name: asdict(known[name]) for name in order if name in known}
    CAUGHT.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
