"""Properties 31, 32 and 34: networks drawn at random keep every promise, and each ends in a report.

Topology, link quality, timing, workload and faults are drawn, not the seed alone; a failing example prints
the scenario, which ``python -m peernode.simulation run`` replays. Mutants of the engine that these tests
catch are named with each.
"""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from peernode.simulation.report import page
from peernode.simulation.result import Result, summarize
from peernode.simulation.run import Run, run
from peernode.simulation.scenario import parse

EXAMPLES = 100

network = st.builds(
    "[network]\none_way_ms = [{}, {}]\njitter_ms = {}\nloss = {}\nduplicate = {}\nreorder = {}\n".format,
    st.integers(1, 20),
    st.integers(20, 120),
    st.integers(0, 5),
    st.sampled_from((0, 0.01, 0.05)),
    st.sampled_from((0, 0.02)),
    st.sampled_from((0, 0.05)),
)


@st.composite
def stories(draw: st.DrawFn, faults: st.SearchStrategy[str], nodes_max: int) -> str:
    """A short life of a small network, as a scenario's text."""
    nodes = draw(st.integers(3, nodes_max))
    authors = draw(st.integers(1, nodes))
    messages = draw(st.integers(1, 8))
    every_s = draw(st.sampled_from((0, 0.1, 0.5)))
    join_over_s = draw(st.sampled_from((0, 1)))
    return (
        f'name = "drawn"\nseed = {draw(st.integers(0, 2**32))}\nduration_s = 30\nsettle_s = 18\n'
        f"{draw(network)}[nodes]\ncount = {nodes}\nbootstrap = {draw(st.integers(1, 2))}\n"
        f'[[channels]]\nname = "#a"\njoin = {{ at_s = 1, over_s = {join_over_s} }}\n'
        f'[[publish]]\nchannel = "#a"\nauthors = {authors}\nmessages = {messages}\n'
        f"start_s = 6\nevery_s = {every_s}\n{draw(faults)}"
        "[expect]\ndelivered_min = 1.0\nlost_acked_max = 0\nduplicates_max = 0\n"
    )


def told(text: str) -> tuple[Run, Result]:
    note(text)
    finished = run(parse(text))
    return finished, summarize(finished, 0.0, 0.0)


def troubles(result: Result) -> dict[str, object]:
    found: dict[str, object] = {name: item for name, item in result.checkers.items() if not item["ok"]}
    return {**found, **{name: item for name, item in result.expect.items() if not item["ok"]}}


drawn = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@drawn
@given(stories(st.just(""), nodes_max=6))
def test_property_31_small_networks_with_real_links_keep_every_promise(text: str) -> None:
    """Catches, among others, the mutants ``no-retransmission`` and ``shown-per-arrival``."""
    _, result = told(text)
    assert troubles(result) == {}
    assert result.joins["ok"] == result.joins["tried"] == result.nodes
    assert result.delivered == result.expected > 0


fault = st.one_of(
    st.builds(
        '[[faults]]\nkind = "loss"\nat_s = 5\nfor_s = 6\nloss = {}\n'.format, st.sampled_from((0.1, 0.2))
    ),
    st.builds(
        '[[faults]]\nkind = "churn"\nat_s = 5\nfor_s = 6\nrate = {}\ndown_s = {}\n'.format,
        st.sampled_from((0.3, 0.5)),
        st.sampled_from((0.5, 2)),
    ),
    st.builds('[[faults]]\nkind = "pause"\nat_s = 6\nspread_s = 2\nfor_s = {}\n'.format, st.integers(1, 3)),
    st.builds(
        '[[faults]]\nkind = "partition"\nat_s = 5\nspread_s = 3\nfor_s = {}\n'.format, st.integers(1, 3)
    ),
)


@drawn
@given(stories(st.lists(fault, min_size=1, max_size=3).map("".join), nodes_max=5))
def test_property_32_no_acknowledged_message_is_lost_on_an_unstable_network(text: str) -> None:
    """Catches, among others, the mutants ``one-receipt-is-enough`` and ``no-fsync``."""
    _, result = told(text)
    assert troubles(result) == {}
    assert result.lost_acked == 0


@settings(drawn, max_examples=10)
@given(stories(st.lists(fault, max_size=2).map("".join), nodes_max=4))
def test_property_34_every_scenario_ends_in_a_report(text: str) -> None:
    """Success rates, latencies, what failed and the seed: on the page and in the JSON beside it."""
    finished, result = told(text)
    written = json.loads(result.to_json())
    assert written["seed"] == finished.seed
    assert {"joins", "acked", "delivered", "latency_ms", "checkers", "ok"} <= set(written)
    shown = page(finished, result, "drawn.toml")
    assert f"--seed {finished.seed}" in shown
    assert shown.startswith("<!doctype html>")
