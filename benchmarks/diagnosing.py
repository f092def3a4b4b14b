"""What the diagnostic mode costs: bursts with it on and off by turns, in one run, on the same nodes.

The mode keeps a record of everything, of each request as well, and writes JSON lines to a file. What is
compared is CPU time per delivery of the whole process, which other programs on the machine disturb least; the
first pair warms up and does not count. One burst is too short to compare (pairs of single ones went from 0.76
to 1.19), so each side of a pair has ``BURSTS`` of them, and the ratio is that of all bursts together.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from benchmarks.network import Participant
from benchmarks.speed import burst
from peernode.diagnostics.jsonlines import LineWriter

PAIRS = 12
BURSTS = 3


async def diagnosing(participants: list[Participant], folder: Path) -> dict[str, Any]:
    """CPU per delivery with the mode on and off, and the throughput that is left with it on, per pair."""
    cost: dict[bool, list[float]] = {True: [], False: []}
    path = folder / "records.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        lines = LineWriter(stream)
        for participant in participants:
            participant.node.write_records(lines)
        for pair in range(PAIRS + 1):
            for on in (True, False) if pair % 2 else (False, True):
                for participant in participants:
                    participant.node.diagnostic = on
                bursts = [(await burst(participants))["cpu_ms_per_delivery"] for _ in range(BURSTS)]
                cost[on].append(statistics.fmean(bursts))
        for participant in participants:
            participant.node.diagnostic = False
        lost = lines.close()
    kept = {on: each[1:] for on, each in cost.items()}
    shares = [off / on for on, off in zip(kept[True], kept[False], strict=True)]
    return {
        "cpu_ms_per_delivery": {
            "on": round(statistics.fmean(kept[True]), 4),
            "off": round(statistics.fmean(kept[False]), 4),
        },
        "lines": sum(1 for _ in path.open(encoding="utf-8")),
        "lost": lost,
        "throughput_on_to_off": round(sum(kept[False]) / sum(kept[True]), 3),
        "pairs": [round(share, 3) for share in shares],
    }
