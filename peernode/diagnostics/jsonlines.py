"""Records as JSON lines, for whoever collects logs: one object a line, the fields of ``Record.told``.

Each line has the ids of the message (``trace``) and of the node, so that the lines of several nodes can be
put together. Invariant: what is not in a record is not in a line, so no text, key or person's name is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

import structlog

from peernode.diagnostics.records import Record


def json_lines(stream: TextIO, node_id: str) -> Callable[[Record], None]:
    """What writes each record of a node to ``stream``."""
    log = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        context_class=dict,
    ).bind(node=node_id)

    def write(record: Record) -> None:
        log.info("record", **record.told())

    return write
