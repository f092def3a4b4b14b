"""The table of the mutants: for the terminal while they are hunted, and for ``docs/mutants.md``."""

from __future__ import annotations

from tests.mutants.catalogue import MUTANTS
from tests.mutants.hunt import Hunt, recorded
from tests.mutants.mutant import Mutant

OBJECTION_CHARS = 150

PREFACE = """\
# Mutants: the checkers are checked

Who judges a run may be wrong himself: a checker that never objects looks like an engine without a fault.
So the engine is broken on purpose. Each mutant below does not keep one sentence of the protocol, by a
patch that exists in test code only (`tests/mutants/`); it runs a small scenario, seed after seed, until
a checker objects. The healthy engine runs the same scenario with the same seeds, and nobody may object.

    python -m tests.mutants [NAME ...] [--seeds 1:200] [--jobs 2] [--markdown docs/mutants.md]

hunts for all mutants, or for those named, and writes what it found to `tests/mutants/caught.json` and
this page. `tests/mutants/test_mutants.py` replays every catch at its seed with each test run.

`seeds` says how many seeds were tried until the mutant was caught, `seed` which one did it. Behind the
section stands the sentence that the mutant does not keep.
"""


def as_text(mutant: Mutant, found: Hunt) -> str:
    """One mutant's lines in the terminal."""
    if found.seed is None:
        lines = [f"{mutant.name:<32} NOT CAUGHT after {found.seeds} seeds (wanted {mutant.caught_by})"]
    else:
        names = ", ".join(found.objections)
        lines = [f"{mutant.name:<32} seed {found.seed} ({found.seeds} tried): {names}"]
        lines += [f"    {name}: {what[:OBJECTION_CHARS]}" for name, what in found.objections.items()]
    for seed, wrong in found.unhealthy.items():
        lines += [
            f"    HEALTHY ENGINE, {mutant.scenario} seed {seed}: {name}: {what[:OBJECTION_CHARS]}"
            for name, what in wrong.items()
        ]
    return "\n".join(lines)


def as_markdown() -> str:
    """The page, from the recorded catches."""
    catches = recorded()
    lines = [
        PREFACE,
        "| mutant | what is wrong | § | caught by | seeds | seed |",
        "| - | - | - | - | - | - |",
    ]
    for name, mutant in MUTANTS.items():
        catch = catches.get(name)
        by = ", ".join(f"`{item}`" for item in catch.caught_by) if catch else "**nobody**"
        seeds, seed = (catch.seeds, catch.seed) if catch else ("", "")
        what = f"{mutant.mistake}. “{mutant.sentence}”"
        lines.append(f"| `{name}` | {what} | {mutant.section} | {by} | {seeds} | {seed} |")
    caught = sum(1 for name in MUTANTS if name in catches)
    lines += ["", f"{caught} of {len(MUTANTS)} caught.", ""]
    return "\n".join(lines)
