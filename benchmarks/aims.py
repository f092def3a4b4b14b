"""What the project aims at beyond what it requires, in one-way delays, on a simulated network: met or missed.

The network is that of the properties: every pair 25 +- 10 ms one way, 1 % of the datagrams lost. Times are
virtual, hence exact and the same on every machine; a one-way delay is the mean of the run's own pairs.
``python -m benchmarks.aims`` prints a table; nothing here asserts.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from peernode.simulation.result import latencies_ms, percentiles
from peernode.simulation.run import Run, run
from peernode.simulation.scenario import parse

SEEDS = range(1, 11)
LARGE_SEEDS = range(1, 3)

STORY = """\
name = "aims"
seed = {seed}
duration_s = {end_s}
settle_s = 4
nodes = {{ count = {nodes}, bootstrap = 1, online = {{ at_s = 0, over_s = 2 }} }}

[network]
one_way_ms = [15, 35]
loss = 0.01

[[channels]]
name = "#first"
members = [0]
join = {{ at_s = 4 }}

[[channels]]
name = "#all"
join = {{ at_s = 5, over_s = {over_s} }}

[[publish]]
channel = "#all"
authors = 3
messages = {messages}
start_s = {talk_s}
every_s = 0.5
"""


@dataclass(frozen=True)
class Measured:
    """One line of the table; ``found`` and ``aim`` in one-way delays."""

    what: str
    how: str
    found: float
    aim: float
    of: int

    def line(self) -> str:
        """As a row of Markdown."""
        verdict = "met" if self.found <= self.aim else "**missed**"
        return f"| {self.what} | {self.how} | {self.found:.2f} | {self.aim:g} | {verdict} | {self.of:,} |"


def told(seed: int, subscribers: int, messages: int, over_s: float) -> Run:
    """A channel that one after the other joins within ``over_s``, in which three people then talk."""
    talk_s = 6 + over_s
    filled = STORY.format(
        seed=seed,
        nodes=subscribers + 1,
        messages=messages,
        over_s=over_s,
        talk_s=talk_s,
        end_s=talk_s + messages * 0.5 + 4,
    )
    return run(parse(filled))


def in_delays(finished: Run, values_ms: list[float]) -> list[float]:
    """Milliseconds as mean one-way delays of the run's own pairs."""
    one_way_ms = statistics.mean(finished.one_way_ms.values())
    return [value / one_way_ms for value in values_ms]


def joins_ms(finished: Run, channel: str, first: bool) -> list[float]:
    """How long joins of a channel took: its creation, or all others'."""
    found = sorted(
        (each for (_, name), each in finished.evidence.joinings.items() if name == channel),
        key=lambda each: each.asked_at_s,
    )
    chosen = found[:1] if first else found[1:]
    return [(each.joined_at_s - each.asked_at_s) * 1000 for each in chosen if each.joined_at_s is not None]


def measured() -> Iterator[Measured]:
    """Every aim that virtual time can tell, as far as it was measured."""
    small: list[float] = []
    created: list[float] = []
    cold: list[float] = []
    for subscribers in (2, 5, 9):
        for seed in SEEDS:
            finished = told(seed, subscribers, 12, 2.0)
            small += in_delays(finished, latencies_ms(finished.evidence))
            created += in_delays(finished, joins_ms(finished, "#first", first=True))
            cold += in_delays(finished, joins_ms(finished, "#all", first=False))
    large: list[float] = []
    for seed in LARGE_SEEDS:
        finished = told(seed, 200, 6, 4.0)
        large += in_delays(finished, latencies_ms(finished.evidence))
        cold += in_delays(finished, joins_ms(finished, "#all", first=False))
    yield _row("11: delivery to fewer than 10 subscribers (2, 5, 9)", small, 50, 1.1)
    yield _row("11: delivery to fewer than 10 subscribers (2, 5, 9)", small, 99, 4)
    yield _row("12: delivery to 200 subscribers", large, 50, 2.2)
    yield _row("13: creation of a channel", created, 50, 8)
    yield _row("1: a first join, 3 to 201 members", cold, 99, 20)


def _row(what: str, values: list[float], percent: int, aim: float) -> Measured:
    found = percentiles(values, percent)[f"p{percent}"]
    assert found is not None
    return Measured(what, f"p{percent}", found, aim, len(values))


def main() -> int:
    """Print the table."""
    print("| property | of | one-way delays | aim | | samples |")
    print("| --- | --- | --- | --- | --- | --- |")
    for each in measured():
        print(each.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
