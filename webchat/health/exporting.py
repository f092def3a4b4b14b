"""The event log as a file: JSON for programs, CSV for tables; made in a thread, so that the nodes go on.

Invariant: no cell of the CSV is a formula to a program for tables, whatever a channel is called.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

PARTS = ("lookup", "disk", "network", "retry", "queue", "own")
COLUMNS = (
    *("time", "wall_ms", "node", "operation", "subject", "outcome", "elapsed_ms"),
    *(f"{part}_ms" for part in PARTS),
    *("trace", "stands_for", "route"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def written(kind: str, texts: list[str], wanted: dict[str, Any], more: bool, at: datetime) -> str:
    """The file of a kind (``json``, ``csv``) of records that are JSON texts."""
    records = [json.loads(each) for each in texts]
    return as_csv(records) if kind == "csv" else as_json(records, wanted, more, at)


def as_json(records: list[dict[str, Any]], wanted: dict[str, Any], more: bool, at: datetime) -> str:
    """The records, by what they were chosen, and whether there were more."""
    head = {"format": "starling-records-1", "made_at": at.isoformat(timespec="seconds")}
    return json.dumps(
        {**head, "filter": wanted, "is_whole": not more, "records": records}, ensure_ascii=False, indent=1
    )


def as_csv(records: list[dict[str, Any]]) -> str:
    """A line per record."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for record in records:
        writer.writerow([_cell(value) for value in _row(record)])
    return output.getvalue()


def _row(record: dict[str, Any]) -> list[Any]:
    at = datetime.fromtimestamp(record["wall_ms"] / 1000, UTC).isoformat(timespec="milliseconds")
    parts = [round(record["parts"].get(part, 0.0), 3) for part in PARTS]
    return [
        *(at, record["wall_ms"], record["node"], record["operation"], record["subject"]),
        *(record["outcome"], round(record["elapsed_ms"], 3), *parts),
        *(record["trace"], record["stands_for"], json.dumps(record["route"], ensure_ascii=False)),
    ]


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
