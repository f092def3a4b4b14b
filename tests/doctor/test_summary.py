"""The doctor's last line: what could not be looked at is not called well."""

from __future__ import annotations

import re

import pytest

from peernode.doctor.steps import UNASKED, Finding, Step, ok, skipped, step_of, warning
from peernode.doctorcli import summary
from tools.tracked import text_of

FINE = ok("store.sound")
UNNAMED = skipped("channel.unnamed")
NOBODY = skipped("nat.unknown")
SLOW = warning("BOOTSTRAP_SILENT", "bootstrap.silent")


def step(finding: Finding) -> Step:
    return step_of("store", "", finding, 0.0)


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ([FINE, UNNAMED], "All is well."),
        ([FINE, UNNAMED, NOBODY], "Nothing failed; 1 step could not be looked at."),
        ([NOBODY, NOBODY], "Nothing failed; 2 steps could not be looked at."),
        ([SLOW, FINE], "Nothing failed, 1 warning."),
        ([SLOW, NOBODY], "Nothing failed, 1 warning; 1 step could not be looked at."),
    ],
)
def test_only_what_was_looked_at_is_well(found: list[Finding], line: str) -> None:
    assert summary([step(each) for each in found]) == line


def test_the_page_knows_what_nobody_asked_for() -> None:
    [listed] = re.findall(r"UNASKED = \[(.*)\]", text_of("static/webchat/js/health/examining.js"))
    assert set(re.findall(r'"([^"]+)"', listed)) == UNASKED
