"""``HostView``: what the nodes of this process say of themselves and of their channels, as plain values.

Invariants: what leaves this module is JSON and holds no message text, key or name of a person; a channel is
seen through the node that ``Askable`` names, and where that one seems to be cut off through a second one, no
more, so that one person's node that is broken makes no channel look broken.
"""

from __future__ import annotations

import asyncio
import logging
import time
from importlib.metadata import version
from operator import eq
from typing import Any

from webchat.bridge import (
    PeerHost,
    PeerNode,
    channel_name,
    done,
    history,
    is_canary,
    joins_told,
    verdict,
)
from webchat.chat.commands import CommandError
from webchat.health.asking import Askable, is_lonely, sees_more
from webchat.health.hostparts import error_of, store_of
from webchat.health.records import EventLog, Recorded, choose
from webchat.health.verdict import of_host

log = logging.getLogger("webchat.health")

PEERS_MAX = 64
"""Peers in a snapshot; of more the rest is counted."""

CANARY = ("state", "code", "message", "remedy", "last_ok_ms", "latency_ms")
"""What is told of the test messages."""

SECOND_LOOK_MAX_S = 2.5
"""A node waits for 2 s at most (``PeerNode.channel_health``); both looks end in the time of one."""

SLICE_MS = 10_000
"""The plots' slices of time begin at multiples of it, by every clock."""

HISTORIES = ("1h", "24h")
"""The windows whose slices are told when asked for; those of 5 minutes are in each picture. The slices are in
bounded rings (``peernode.diagnostics.windows.SPANS``)."""

MOMENTS = ("at_ms", "first_ms", "last_ms")
"""In the trace of a message: when a try began, and the first and last of those that failed alike."""

NO_MESSAGE: dict[str, Any] = {
    **dict.fromkeys(("digest", "author", "at_ms", "claimed_ms", "report")),
    "nodes": (),
    "records": (),
}
"""A trace as far as it is about a message, of what is about none."""


class HostView:
    """See the module."""

    def __init__(self, host: PeerHost) -> None:
        self._host = host
        self._askable = Askable(host.nodes)
        self._began_s = time.monotonic()
        self.log = EventLog()
        host.on_record.append(self._recorded)

    def _recorded(self, node: str, record: Recorded) -> None:
        # Where servers test themselves is a secret; how their tests go is told as ``canary``.
        if not is_canary(record.subject) and not is_canary(str(record.route.get("channel", ""))):
            self.log.add(node, record)

    def turned(self, record: Recorded) -> None:
        """That a channel's verdict has changed is what the server's own node has to say."""
        self.log.add(self._host.node.node_id, record)

    # channels

    def channels(self) -> dict[str, PeerNode]:
        """Each channel that a node here has joined or stores, with the node to ask about it."""
        return self._askable.all()

    async def channel(self, name: str) -> dict[str, Any]:
        """The health of a channel, from all of its initiators; raises ``CommandError``."""
        asked = self._of(name)
        seen = await self._seen_by(asked, name)
        other = self._askable.another(name, asked) if is_lonely(seen) else None
        if other is None:
            return seen
        try:
            async with asyncio.timeout(SECOND_LOOK_MAX_S):
                again = await self._seen_by(other, name)
        except (TimeoutError, CommandError) as error:
            log.info("no second picture of %s: %r", name, error)
            return seen
        except Exception:
            log.exception("no second picture of %s", name)  # a bug costs this one, not the first
            return seen
        if not sees_more(again, seen):
            return seen
        self._askable.prefer(name, other)
        return again

    async def _seen_by(self, node: PeerNode, name: str) -> dict[str, Any]:
        """A channel as one node sees it.

        The joins are those of all nodes here: which of them was asked is chance. A node corrects its clock by
        its peers'; here times are of this machine's clock, as the host's are, to which they are compared.
        """
        began_ms = round(time.time() * 1000)
        found: dict[str, Any] = await done(node.channel_health(name))
        told = {**by_clock(found, began_ms), "joins": self._joins(name)}
        return {**told, "verdict": verdict(told)}

    def _joins(self, name: str) -> dict[str, Any]:
        """Of all nodes; those shown one by one have a ``report`` where they hang, as it costs most of it."""
        joins = [(join, node) for node in self._host.nodes() for join in node.joins_of(name)]
        of = {join["trace"]: node for join, node in joins}
        told = joins_told(sorted((join for join, _ in joins), key=lambda join: join["at_ms"]))
        for join in told["recent"]:
            hangs = join["outcome"] == "delayed"
            join["report"] = of[join["trace"]].failure_report(join["trace"]) if hangs else None
        return told

    def history(self, name: str) -> dict[str, list[dict[str, Any]]]:
        """How the pushes of a channel by the nodes here went in the last hour and day; ``CommandError``.

        Only those: an initiator tells others of the slices of its last five minutes alone.
        """
        name, now_ms = channel_name(name), round(time.time() * 1000)
        self._of(name)

        def told(window: str) -> list[dict[str, Any]]:
            of_each = (node.pushes_of(name, window, now_ms) for node in self._host.nodes())
            return history((each for slices in of_each for each in slices), window)

        return {window: told(window) for window in HISTORIES}

    async def trace(self, name: str, message_id: str) -> dict[str, Any]:
        """What became of a message, at every node that is asked for it; raises ``CommandError``.

        Of an operation that is about no message its node's report, as ``operation``; nobody is asked.
        """
        name = channel_name(name)
        node = self._holder_of(name, message_id)
        report = None if node else await self._report_on(message_id)
        if report:
            return {**NO_MESSAGE, "id": message_id, "channel": name, "operation": report}
        asked = node or self._of(name)
        ahead_ms = asked.clock_ahead_ms()
        found: dict[str, Any] = await done(asked.trace_of(name, message_id))
        return {**trace_by_clock(found, ahead_ms), "operation": None}

    def _holder_of(self, name: str, message_id: str) -> PeerNode | None:
        """A node here that has the message, its author's if that is one: it alone knows one that failed."""
        holders = [node for node in self._host.nodes() if name in node.known_channels()]
        authors = {node: node.author_of(name, message_id) for node in holders}
        found = [node for node in holders if authors[node]]
        return next((node for node in found if authors[node] == node.node_id), next(iter(found), None))

    async def _report_on(self, trace: str) -> dict[str, Any] | None:
        """On the operation with this trace, of whichever node it was; the nodes go on between two of them."""
        for node in self._host.nodes():
            if report := node.failure_report(trace):
                return report
            await asyncio.sleep(0)
        return None

    async def repair(self, name: str, subscriber: str) -> dict[str, Any]:
        """Look for a way to a subscriber now; raises ``CommandError``."""
        found: dict[str, Any] = await done(self._of(name).repair_now(name, subscriber))
        return found

    def _of(self, name: str) -> PeerNode:
        node = self.channels().get(name)
        if node is None:
            raise CommandError("CHANNEL_UNKNOWN", name)
        return node

    # the host

    def set_diagnostic(self, on: bool) -> None:
        """Let every node keep and tell everything, or sample again."""
        self._host.diagnostic = on
        for node in self._host.nodes():
            node.diagnostic = on

    def host(self, states: list[str], unseen: int, failed: int = 0) -> dict[str, Any]:
        """The host node, the store, and the verdict of the whole.

        ``states``: of the channels that were looked at. ``unseen``: how many were not yet; ``failed``: how
        many can't be.
        """
        standing, store = self._host.node.standing(), store_of()
        parts = {name: standing.pop(name) for name in ("peers", "bootstraps", "buckets")}
        searching = standing.pop("searching")
        canary, unknown = self._host.canary(), self._host.start_points.shown()
        parts["bootstraps"] += unknown
        name = self._host.start_points.unknown[0][0] if unknown else ""
        people = self._host.nodes()[:-1]
        place = (standing["state"], store["ok"], canary["state"])
        of_all = of_host(*place, states, unseen, len(unknown), failed=failed, disk_low=store["low"])
        return {
            "at_ms": round(time.time() * 1000),
            "verdict": {**of_all, "error": error_of(of_all, canary, name, searching=searching)},
            "version": version("starling"),
            "uptime_s": round(time.monotonic() - self._began_s),
            "diagnostic": self._host.diagnostic,
            "node": {**standing, "peers": len(parts["peers"])},
            **parts,
            "peers": parts["peers"][:PEERS_MAX],
            "users": len(people),
            "users_offline": sum(1 for node in people if node.state.state != "online"),
            "store": store,
            "canary": {name: canary.get(name) for name in CANARY},
        }

    def sizes(self) -> dict[str, dict[str, list[int]]]:
        """How full each table of each node is, with its bound."""
        nodes = {node.node_id: node.sizes() for node in self._host.nodes()}
        return {node: {name: list(size) for name, size in found.items()} for node, found in nodes.items()}

    async def records(
        self, wanted: dict[str, Any], limit: int, requests: bool = False
    ) -> tuple[list[dict[str, Any]], bool]:
        """The newest records that are wanted, and whether there were more.

        ``requests``: as many of the single requests that nodes keep in diagnostic mode besides.
        """
        found, more = await self.log.chosen(wanted, limit)
        if not requests:
            return found, more
        single = [(0, node.node_id, each) for node in self._host.nodes() for each in node.exchanges()]
        besides, left = await choose(sorted(single, key=lambda kept: kept[2].wall_ms), wanted, limit)
        whole = sorted([*found, *besides], key=lambda told: told["wall_ms"])
        return whole, more or left or self._lost_requests(wanted)

    def _lost_requests(self, wanted: dict[str, Any]) -> bool:
        """Whether single requests that are wanted may have fallen out of a node's ring, which is full."""
        if (wanted.get("operation") or "rpc").partition(".")[0] != "rpc":
            return False
        full = [node for node in self._host.nodes() if eq(*node.sizes()["diagnostics.exchanges"])]
        return any(node.exchanges()[0].wall_ms >= (wanted.get("since") or 0) for node in full)


def by_clock(picture: dict[str, Any], as_of_ms: int) -> dict[str, Any]:
    """The picture of a channel by another clock, at which it was ``as_of_ms`` when it was asked for."""
    ahead_ms = round((as_of_ms - picture["as_of_ms"]) / SLICE_MS) * SLICE_MS
    series = [{**each, "at_ms": each["at_ms"] + ahead_ms} for each in picture["series"]]
    return {**picture, "as_of_ms": as_of_ms, "series": series}


def trace_by_clock(trace: dict[str, Any], ahead_ms: int) -> dict[str, Any]:
    """The trace of a message by another clock, of which the one that it is told by is so much ahead.

    Its records are by that other clock already, and ``claimed_ms`` is its author's word.
    """
    told = {name: _moved(trace[name], -ahead_ms) for name in ("nodes", "report")}
    at_ms = trace["at_ms"]
    return {**trace, **told, "at_ms": None if at_ms is None else at_ms - ahead_ms}


def _moved(value: Any, by_ms: int) -> Any:
    """The same with each moment in it, however deep, moved."""
    if isinstance(value, list):
        return [_moved(each, by_ms) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: each + by_ms if name in MOMENTS else _moved(each, by_ms) for name, each in value.items()}
