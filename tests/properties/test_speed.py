"""Properties 11 to 14, by size: how long a message is on its way, in virtual time, to the last subscriber.

The stamp is the subscriber's: from asking to publish until it is told. Every receiver counts, so these are
bounds on the longest way and not on a percentile. Links, sizes, workload and moments are drawn.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.simulation.result import latencies_ms
from peernode.simulation.run import Run, run
from peernode.simulation.scenario import parse
from tests.properties.examples import drawn

SMALL_REQUIRED_MS = 500
LARGE_REQUIRED_MS = 2_000
OPTIMAL_REQUIRED_MS = 200
CREATION_REQUIRED_MS = 3_000


def story(nodes: int, **drawn: Any) -> Run:
    """A channel of ``nodes``, its author among them, in which some messages are said."""
    chosen = {
        "seed": 1,
        "lowest": 15,
        "highest": 35,
        "jitter": 0,
        "loss": 0.01,
        "authors": 1,
        "messages": 4,
        **drawn,
    }
    settle_s = 1.5 if nodes < 20 else 4
    text = f"""\
name = "speed"
seed = {chosen["seed"]}
duration_s = {3.5 + settle_s * 2}
settle_s = {settle_s}
nodes = {{ count = {nodes}, bootstrap = 1, online = {{ at_s = 0, over_s = {settle_s / 2} }} }}

[network]
one_way_ms = [{chosen["lowest"]}, {chosen["highest"]}]
jitter_ms = {chosen["jitter"]}
loss = {chosen["loss"]}

[[channels]]
name = "#a"
join = {{ at_s = {settle_s / 2 + 0.2}, over_s = {settle_s / 4} }}

[[channels]]
name = "#b"
members = [0]
join = {{ at_s = {settle_s + 0.5} }}

[[publish]]
channel = "#a"
authors = {min(chosen["authors"], nodes)}
messages = {chosen["messages"]}
start_s = {settle_s + 1.5}
every_s = {chosen.get("every_s", 0.25)}
"""
    return run(parse(text))


def longest_ms(finished: Run, nodes: int, messages: int) -> float:
    """The longest delivery, once it is clear that there was nothing else than deliveries."""
    found = latencies_ms(finished.evidence)
    assert len(found) == messages * (nodes - 1), "every subscriber but the author has every message"
    return max(found)


def creation_ms(finished: Run) -> float:
    """How long the creation of another channel took, in the network that had this one already."""
    created = finished.evidence.joinings[0, "#b"]
    assert created.joined_at_s is not None
    return (created.joined_at_s - created.asked_at_s) * 1000


links = {
    "seed": st.integers(0, 2**32),
    "lowest": st.integers(1, 25),
    "highest": st.integers(26, 45),
    "jitter": st.integers(0, 5),
    "authors": st.integers(1, 3),
    "messages": st.integers(1, 5),
    "every_s": st.sampled_from((0, 0.05, 0.25)),
}


@drawn
@given(st.integers(2, 8), st.fixed_dictionaries({**links, "loss": st.sampled_from((0, 0.005, 0.01))}))
def test_property_11_a_small_channel_delivers_within_half_a_second(nodes: int, drawn: dict[str, Any]) -> None:
    """Catches the mutant that leaves delivery to the subscribers' renewals."""
    assert longest_ms(story(nodes, **drawn), nodes, drawn["messages"]) <= SMALL_REQUIRED_MS


@drawn
@given(st.fixed_dictionaries({**links, "loss": st.sampled_from((0, 0.01)), "messages": st.integers(1, 3)}))
def test_property_12_a_larger_channel_delivers_within_two_seconds(drawn: dict[str, Any]) -> None:
    """Catches the mutant whose initiators leave delivery to the subscribers' renewals."""
    assert longest_ms(story(11, **drawn), 11, drawn["messages"]) <= LARGE_REQUIRED_MS


@drawn
@given(st.integers(2, 8), st.fixed_dictionaries({**links, "loss": st.just(0)}))
def test_property_14_on_an_optimal_network_delivery_takes_less_than_200_ms(
    nodes: int, drawn: dict[str, Any]
) -> None:
    """Catches the mutant that does not push directly and whose initiators push one stagger late."""
    assert longest_ms(story(nodes, **drawn), nodes, drawn["messages"]) < OPTIMAL_REQUIRED_MS


@pytest.mark.parametrize("subscribers", [2, 9, 10, 50, 200])
def test_required_times_hold_in_channels_of_every_size(subscribers: int) -> None:
    required_ms = SMALL_REQUIRED_MS if subscribers < 10 else LARGE_REQUIRED_MS
    finished = story(subscribers + 1, authors=3, messages=3)
    assert longest_ms(finished, subscribers + 1, 3) <= required_ms
    assert creation_ms(finished) <= CREATION_REQUIRED_MS


@pytest.mark.parametrize("subscribers", [2, 9, 10, 50, 200])
def test_required_times_hold_on_optimal_networks_of_many_sizes(subscribers: int) -> None:
    finished = story(subscribers + 1, authors=3, messages=3, loss=0)
    assert longest_ms(finished, subscribers + 1, 3) < OPTIMAL_REQUIRED_MS
    assert creation_ms(finished) <= CREATION_REQUIRED_MS
