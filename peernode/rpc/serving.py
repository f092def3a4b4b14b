"""The answering half: requests of others, each worked on once.

A request is limited (per key; unproven ones also per address prefix), looked up among the recent
answers, and else given to its op's function: a plain one answers in the same tick, whatever else is
worked on; a coroutine runs as a task if there is a place for it (``places``), else the peer hears ``BUSY``.
Whatever that function raises becomes a status, never an exception here.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from peernode.environment import Address, prefix_of
from peernode.errors import LocalProtocolError, PeerNodeError, Refused, RemoteProtocolError
from peernode.rpc.answers import Answers
from peernode.rpc.core import Core
from peernode.rpc.outgoing import Outgoing
from peernode.rpc.peers import Peer
from peernode.rpc.places import Places
from peernode.rpc.ratelimit import BucketTable
from peernode.tasks import Tasks
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import PATIENT_OPS, Op, Status
from peernode.wire.payload import ANSWER_MAX, WireMessage, encode_answer, encode_token

_PREFIXES_MAX = 4096

_COUNTED = {op.value: f"op.{op.name}.in" for op in Op}

_NOT_KEPT = frozenset((Status.UNPROVEN, Status.BUSY))
"""Statuses that the same request may get past when it comes again."""


class Caller(NamedTuple):
    """Who sent a request: ``contact`` at the address it came from, ``proven`` to be there."""

    contact: Contact
    proven: bool


Server = Callable[[Caller, Fields], Awaitable[list[Any]] | list[Any]]
"""Answers one op. Raises ``Refused`` for another status; ``RemoteProtocolError`` is ``MALFORMED``."""


class Serving:
    """The ops that one node serves."""

    def __init__(self, core: Core, outgoing: Outgoing, tasks: Tasks, servers: dict[int, Server]) -> None:
        config = core.config
        self._clock = core.clock
        self._tokens = core.tokens
        self._counters = core.counters
        self._on_crash = core.on_crash
        self._outgoing = outgoing
        self._tasks = tasks
        self._servers = servers
        self._serves = config.serves
        self._answers = Answers(config.answers_cached_max)
        self._places = Places()
        self._prefixes = BucketTable(config.requests_per_s, config.requests_burst, _PREFIXES_MAX)
        self.on_request: Callable[[Contact, bool], None] = lambda *_: None
        """Called with each request that is not a duplicate: contact, proven."""
        self.on_repeated: Callable[[Contact], None] = lambda *_: None
        """Called with each request that comes again though it is answered."""

    @property
    def answers(self) -> Answers:
        """The recent answers, for bounds to be seen."""
        return self._answers

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            **self._answers.sizes(),
            **self._outgoing.sizes(),
            **self._places.sizes(),
            "request_prefixes": self._prefixes.sizes()["buckets"],
        }

    def requested(self, peer: Peer, source: Address, message: WireMessage) -> None:
        """A request of ``peer`` came from ``source``."""
        now = self._clock.monotonic()
        proven = peer.proven_at(source, now)
        if not self._within_rate(peer, source, proven, now):
            return
        key = (peer.public_key, message.request_id)
        if self._answers.is_working(key):
            self._counters["duplicates"] += 1
            return
        if (answer := self._answers.recall(key, now)) is not None:
            self._counters["duplicates"] += 1
            self.on_repeated(peer.contact_at(source))
            self._reply(peer, source, message, answer)
            return
        contact = peer.contact_at(source)
        self.on_request(contact, proven)
        if not self._serves:
            self._counters["unserved"] += 1
            return
        server = self._servers.get(message.code)
        if server is None:
            self._counters["unsupported"] += 1
            self._finish(peer, source, message, Status.UNSUPPORTED, [])
            return
        self._counters[_COUNTED[message.code]] += 1
        self._begin(peer, source, message, server, Caller(contact, proven))

    def _within_rate(self, peer: Peer, source: Address, proven: bool, now: float) -> bool:
        """Unproven requests also share their prefix's bucket: keys are free, addresses are not."""
        prefix = None if proven else prefix_of(source)
        if prefix is not None and not self._prefixes.take(prefix, now):
            self._counters["rejected.prefix_rate"] += 1
            return False
        if not peer.bucket.take(now):
            self._counters["rejected.rate"] += 1
            return False
        return True

    def _begin(
        self, peer: Peer, source: Address, message: WireMessage, server: Server, caller: Caller
    ) -> None:
        try:
            result = server(caller, message.body)
        except Exception as error:  # noqa: BLE001  (turned into a status; what is unexpected is reported)
            self._finish(peer, source, message, *self._status_of(error, message))
            return
        if isinstance(result, list):
            self._finish(peer, source, message, Status.OK, result)
            return
        # None of it has run yet.
        refusal = self._places.refusal(peer, source, caller.proven)
        if refusal is not None:
            self._counters["busy" if refusal is Status.BUSY else "crowded"] += 1
            _drop(result)
            self._finish(peer, source, message, refusal, [])
            return
        self._answers.begin((peer.public_key, message.request_id))
        self._places.take(peer, source)
        work = self._work(peer, source, message, result)
        task = self._tasks.spawn(work, f"serve {Op(message.code).name}")
        # Also a task that is cancelled before its first step gives its place back.
        task.add_done_callback(lambda _: self._end(peer, source, message, result))

    async def _work(
        self, peer: Peer, source: Address, message: WireMessage, result: Awaitable[list[Any]]
    ) -> None:
        try:
            body = await result
        except Exception as error:  # noqa: BLE001  (as above)
            self._finish(peer, source, message, *self._status_of(error, message))
        else:
            self._finish(peer, source, message, Status.OK, body)

    def _end(self, peer: Peer, source: Address, message: WireMessage, result: Awaitable[list[Any]]) -> None:
        _drop(result)
        self._places.give_back(peer, source)
        self._answers.abandon((peer.public_key, message.request_id))

    def _status_of(self, error: Exception, message: WireMessage) -> tuple[int, list[Any]]:
        if isinstance(error, Refused):
            return error.status, error.body
        if isinstance(error, RemoteProtocolError):
            self._counters["rejected.body"] += 1
            return Status.MALFORMED, []
        if isinstance(error, PeerNodeError):  # our disk, not our program: another node may do better
            self._counters[f"unable.{error.code}"] += 1
            return Status.BUSY, []
        self._on_crash(f"serve {Op(message.code).name}", error)
        return Status.BUSY, []

    def _finish(
        self, peer: Peer, source: Address, message: WireMessage, status: int, body: list[Any]
    ) -> None:
        try:
            answer = encode_answer(message.request_id, status, body)
            if len(answer) > ANSWER_MAX:
                raise LocalProtocolError(f"the answer to op {message.code} does not fit a datagram")
        except LocalProtocolError as error:
            self._on_crash("answer", error)
            status, answer = Status.BUSY, encode_answer(message.request_id, Status.BUSY, [])
        key = (peer.public_key, message.request_id)
        if status in _NOT_KEPT:
            self._answers.abandon(key)
        else:
            self._answers.finish(key, answer, self._clock.monotonic())
        self._reply(peer, source, message, answer)

    def _reply(self, peer: Peer, source: Address, message: WireMessage, answer: bytes) -> None:
        """Answer to where the request came from, at a proven address in full, else within bounds."""
        now = self._clock.monotonic()
        if peer.proven_at(source, now):
            patient = message.code in PATIENT_OPS
            (self._outgoing.post_patiently if patient else self._outgoing.post)(peer, source, answer)
            return
        token = encode_token(self._tokens.make(peer.public_key, source, now))
        unproven = encode_answer(message.request_id, Status.UNPROVEN, [])
        self._outgoing.answer_unproven(peer, source, answer + token, unproven + token)


def _drop(result: Awaitable[list[Any]]) -> None:
    """A coroutine that has ended, or shall never begin."""
    if inspect.iscoroutine(result):
        result.close()
