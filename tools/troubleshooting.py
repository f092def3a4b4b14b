"""Writes the table of ``docs/troubleshooting.md`` from the engine's error catalogue.

``python -m tools.troubleshooting`` (or ``make docs``) replaces what stands between the two
markers; the prose around it is written by hand. ``tests/test_docs.py`` fails when they differ.
"""

from __future__ import annotations

import re

from peernode.diagnostics.codes import CATALOGUE
from tools.tracked import ROOT

BEGIN = "<!-- begin of the generated part: make docs -->"
END = "<!-- end of the generated part -->"
DOCUMENT = ROOT / "docs" / "troubleshooting.md"


def generated_part() -> str:
    """The catalogue as Markdown, a section for each code; ``{placeholders}`` become ‹placeholders›."""
    sections = [
        f"## {code}\n\n{entry.meaning}\n\n"
        f"* **Cause.** {entry.cause}\n"
        f"* **What to do.** {entry.remedy}\n"
        f"* {'Trying again can help.' if entry.retryable else 'Trying again does not help by itself.'}"
        for code, entry in sorted(CATALOGUE.items())
    ]
    return re.sub(r"\{(\w+)\}", r"‹\1›", "\n\n".join(sections))


def with_generated_part(document: str) -> str:
    """The document with the part between the markers made anew; ValueError without the markers."""
    before, _, rest = document.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{DOCUMENT.name} has lost its markers")
    return f"{before}{BEGIN}\n\n{generated_part()}\n\n{END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_generated_part(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
