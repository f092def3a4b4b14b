"""The tries to bring a message somewhere, as the health page shows, its server tells and nodes recorded them.

Each source is counted by itself, so that a try which one of them lacks is found.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NamedTuple

from playwright.sync_api import WebSocket

from e2e.chat import Person


class Try(NamedTuple):
    """One of them."""

    node: str
    peer: str
    way: str
    outcome: str


class Tries:
    """Of the message that somebody traces last; to be made before the health page is opened.

    ``names``: node id -> what the page calls it; any other is the host node.
    """

    def __init__(self, person: Person, names: dict[str, str]) -> None:
        self._page = person.page
        self._names = names
        self._traces: list[dict[str, Any]] = []
        self._page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        def heard(text: str | bytes) -> None:
            frame = json.loads(text)
            if frame["type"] == "trace":
                self._traces.append(frame["trace"])

        socket.on("framereceived", heard)

    def _called(self, node: str) -> str:
        return self._names.get(node, "host node")

    def _rows_of(self, table: str) -> list[list[str]]:
        rows = self._page.locator("#trace-found").get_by_role("table", name=table).locator("tbody tr")
        found = [row.locator("th, td").all_inner_texts() for row in rows.all()]
        assert all(all(cells[:6]) for cells in found), "no cell is empty"
        return found

    def shown(self) -> Counter[Try]:
        """The lines of the trace: when, node, to, way, outcome, took, where the time went."""
        return Counter(Try(*cells[1:5]) for cells in self._rows_of("Every try"))

    def places(self) -> Counter[Try]:
        """The lines of where it failed: node, to, way, outcome, how often, from when until when, since."""
        return Counter({Try(*cells[:4]): int(cells[4]) for cells in self._rows_of("Where it failed")})

    def told(self) -> Counter[Try]:
        """What came over the socket."""
        return Counter(
            Try(self._called(node["id"]), self._called(each["peer"]), each["method"], each["outcome"])
            for node in self._traces[-1]["nodes"]
            for each in node["attempts"]
        )

    def recorded(self, file: str) -> list[tuple[int, Try]]:
        """Those that an exported file tells of, each with the time when it ended."""
        content = json.loads(file)
        assert content["is_whole"], "none has fallen out"
        records = [each for each in content["records"] if each["operation"].startswith("attempt.")]
        assert all(each["stands_for"] == 1 for each in records), "none stands for others"
        return [(each["wall_ms"], self._of(each)) for each in records]

    def _of(self, record: dict[str, Any]) -> Try:
        route = record["route"]
        return Try(
            self._called(record["node"]), self._called(route["peer"]), route["method"], record["outcome"]
        )
