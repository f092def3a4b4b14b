"""The page of a sweep says what the sweep says, and is broken by nothing in it."""

from __future__ import annotations

from xml.etree import ElementTree

from peernode.simulation.questions import Verdict
from peernode.simulation.report.sweep import sweep_page
from peernode.simulation.sweep import Row, Sweep, no_result
from peernode.simulation.sweep_report import Swept


def swept(*rows: Row, stopped: str = "") -> Swept:
    sweep = Sweep()
    for row in rows:
        sweep.add(row)
    verdicts = [
        Verdict("replayable", True, ["seed 1 twice"]),
        Verdict("faults_matter", None, ["pause: idle"]),
    ]
    return Swept("a <b>", "a.toml", "0", sweep, [1, 2, 3], 2, stopped=stopped, wall_s=6.0, verdicts=verdicts)


GOOD = Row(1, True, "f00d", {}, {}, 1.0, coverage={"fault pause": 2})
BAD = Row(2, False, "beef", {"order": 3}, {"order": "<script> was first"}, 1.0)


def test_failures_are_named_with_seeds_and_replay() -> None:
    page = sweep_page(swept(GOOD, BAD, no_result(3, "the process died: signal SIGKILL")))
    assert "<title>✗ a &lt;b&gt;, 3 seeds</title>" in page
    assert "1 of 3 seeds held." in page
    assert "run a.toml --seed 2" in page
    assert "Seed 2: &lt;script&gt; was first" in page
    assert "the process died: signal SIGKILL" in page
    for words in ("order (3)", "f00d", "fault pause", "pause: idle", "seed 1 twice"):
        assert words in page
    assert "<script" not in page


def test_a_sweep_cut_short_says_so_first() -> None:
    page = sweep_page(swept(GOOD, stopped="interrupted"))
    assert "1 of 1 seed held. Not complete: 3 were asked for; interrupted." in page
    assert "✗" in page.split("<body")[0]


def test_the_page_is_well_formed() -> None:
    page = sweep_page(swept(GOOD, BAD)).removeprefix("<!doctype html>")
    begin = page.index("<body")
    body = page[begin : page.index("</body>") + len("</body>")]
    assert ElementTree.fromstring(body).find(".//table") is not None
