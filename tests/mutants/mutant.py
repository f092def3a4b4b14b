"""What a mutant is: a sentence of the protocol, a patch that breaks it, a scenario where that matters.

A patch replaces one attribute of the engine while the mutant is applied and puts it back afterwards,
so a mutant exists in test code only. Invariants: a mutant breaks one sentence; its scenario is clean
with the healthy engine; it is caught by what the participants saw and the disks held, not by looking
at the patch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

SCENARIOS = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True)
class Patch:
    """``owner.name`` is ``broken`` while the mutant is applied."""

    owner: Any
    name: str
    broken: Any


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken engine."""

    name: str
    section: int
    """Of the protocol's design."""
    sentence: str
    """The sentence of that section which the mutant does not keep."""
    mistake: str
    """What somebody has got wrong."""
    scenario: str
    """The file in ``scenarios``, without its suffix."""
    caught_by: tuple[str, ...]
    """Checkers (or ``expect.NAME``) of which at least one must notice."""
    patches: tuple[Patch, ...]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The engine is broken inside of this."""
        with ExitStack() as stack:
            for item in self.patches:
                new = not hasattr(item.owner, item.name)  # a property instead of an instance's attribute
                stack.enter_context(patch.object(item.owner, item.name, item.broken, create=new))
            yield

    def scenario_text(self) -> str:
        """The scenario file's text."""
        return (SCENARIOS / f"{self.scenario}.toml").read_text(encoding="utf-8")
