"""A scenario that takes a moment, and work for processes: both in a module that a fresh process finds."""

from __future__ import annotations

import os
import signal

TINY = """\
name = "tiny"
duration_s = 16
settle_s = 6
network = { one_way_ms = [5, 30], loss = 0.01 }
nodes = { count = 3 }

[[channels]]
name = "#a"
join = { at_s = 1 }

[[publish]]
channel = "#a"
authors = 2
messages = 4
start_s = 4
every_s = 0.5

[[faults]]
kind = "pause"
at_s = 4
for_s = 3
"""


def obey(order: str) -> str:
    """What the workers of these tests do."""
    if order == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if order == "leave":
        os._exit(3)
    if order == "hang":
        signal.pause()
    if order == "raise":
        raise ValueError("no such thing")
    return f"{order} by {os.getpid()}"
