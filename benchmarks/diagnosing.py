"""What the diagnostic mode costs: bursts with it on and off by turns, in one run, on the same nodes.

The mode keeps a record of everything, of each request as well, and writes JSON lines to a file. What is
compared is what the requirement names: deliveries per second of real time; beside it stands CPU time per
delivery of the whole process, which other programs disturb least. The first pair warms up and
does not count. One burst is too short to compare (pairs of single ones went from 0.76 to 1.19), so each side
of a pair has ``BURSTS`` of them, and a ratio is that of all bursts together. Above 1 means: faster with it
on.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.network import Participant
from benchmarks.speed import burst
from peernode.diagnostics.jsonlines import LineWriter

PAIRS = 36
BURSTS = 3
THROUGHPUT_LEAST = 0.95
"""What has to be left of the deliveries per second with the mode on (property 20)."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pair: its bursts together."""

    deliveries: int
    seconds: float
    cpu_ms: float


async def diagnosing(participants: list[Participant], folder: Path, pairs: int = PAIRS) -> dict[str, Any]:
    """Deliveries per second and CPU per delivery with the mode on and off, and their ratios, per pair too."""
    sides: dict[bool, list[Side]] = {True: [], False: []}
    path = folder / "records.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        lines = LineWriter(stream)
        for participant in participants:
            participant.node.write_records(lines)
        for pair in range(pairs + 1):
            for on in (True, False) if pair % 2 else (False, True):
                for participant in participants:
                    participant.node.diagnostic = on
                sides[on].append(side([await burst(participants) for _ in range(BURSTS)]))
        for participant in participants:
            participant.node.diagnostic = False
        lost = lines.close()
    told = compared({on: each[1:] for on, each in sides.items()})
    return {**told, "lines": sum(1 for _ in path.open(encoding="utf-8")), "lost": lost}


def side(bursts: Sequence[Mapping[str, float]]) -> Side:
    """Bursts, as ``burst`` tells of them, put together."""
    return Side(
        sum(int(each["deliveries"]) for each in bursts),
        sum(each["seconds"] for each in bursts),
        sum(each["cpu_ms_per_delivery"] * each["deliveries"] for each in bursts),
    )


def compared(sides: Mapping[bool, Sequence[Side]]) -> dict[str, Any]:
    """JSON-able: figures of both sides and on to off, of all together and, for their spread, per pair."""
    pairs = list(zip(sides[True], sides[False], strict=True))
    rate = {on: _rate(each) for on, each in sides.items()}
    cpu = {on: _cpu(each) for on, each in sides.items()}
    shares = [_rate([on]) / _rate([off]) for on, off in pairs]
    error = statistics.stdev(shares) / len(shares) ** 0.5 if len(shares) > 1 else 0.0
    return {
        "deliveries_per_s": {"on": round(rate[True], 1), "off": round(rate[False], 1)},
        "throughput_on_to_off": round(rate[True] / rate[False], 3),
        "cpu_ms_per_delivery": {"on": round(cpu[True], 4), "off": round(cpu[False], 4)},
        "cpu_off_to_on": round(cpu[False] / cpu[True], 3),
        "pairs": [round(share, 3) for share in shares],
        "pairs_cpu": [round(_cpu([off]) / _cpu([on]), 3) for on, off in pairs],
        "pairs_standard_error": round(error, 3),
        "throughput_least": THROUGHPUT_LEAST,
    }


def too_slow(told: Mapping[str, Any]) -> str:
    """Why a run does not do, of what ``compared`` tells; nothing when it does."""
    share = told["throughput_on_to_off"]
    if share >= THROUGHPUT_LEAST:
        return ""
    return (
        f"diagnostic mode leaves {share:.3f} of the throughput, {THROUGHPUT_LEAST} at least is required "
        f"({len(told['pairs'])} pairs, standard error {told['pairs_standard_error']:.3f}; "
        f"of the CPU time {told['cpu_off_to_on']:.3f})"
    )


def _rate(sides: Sequence[Side]) -> float:
    return sum(each.deliveries for each in sides) / sum(each.seconds for each in sides)


def _cpu(sides: Sequence[Side]) -> float:
    return sum(each.cpu_ms for each in sides) / sum(each.deliveries for each in sides)
