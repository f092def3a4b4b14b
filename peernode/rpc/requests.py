"""The asking half: requests in flight, their retransmission, and the queue behind them.

A request is in one of three places: in its peer's queue (FIFO, ``queued_per_peer_max``; over it the
caller gets ``Backpressure``), in flight (at most ``inflight_per_peer_max`` per peer), or gone. It
leaves by its answer, by its last timeout, by cancellation or by ``close``, and each of them takes
its timer along and lets the next one of the queue start. Answers are matched by (peer key, request
id), never by address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from peernode.environment import Address
from peernode.errors import Backpressure, LocalProtocolError, Refused, RpcTimeout, Withdrawn
from peernode.rpc.core import Core
from peernode.rpc.ended import EndedRequests
from peernode.rpc.outgoing import Outgoing
from peernode.rpc.peers import Peer
from peernode.rpc.pending import Outcome, Pending
from peernode.span import NETWORK, QUEUE, current
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import UNTIMED_OPS, Op, Status
from peernode.wire.payload import REQUEST_MAX, WireMessage, encode_request

_COUNTED = {op.value: f"op.{op.name}.out" for op in Op}


class Requests:
    """All requests of one node that wait for an answer."""

    def __init__(self, core: Core, outgoing: Outgoing) -> None:
        self._config = core.config
        self._clock = core.clock
        self._rng = core.rng
        self._peers = core.peers
        self._rtos = core.rtos
        self._counters = core.counters
        self._outgoing = outgoing
        self._loop = asyncio.get_running_loop()
        self._pending: dict[int, Pending] = {}
        self._ended = EndedRequests(core.rtos)
        self.on_answered: Callable[[Pending, Contact, float, WireMessage], None] = lambda *_: None
        """Called with each first answer: request, who answered from where, seconds, the answer."""
        self.on_timeout: Callable[[Contact], None] = lambda _: None
        """Called when a request was not answered at all."""
        self.on_dialled: Callable[[Address], None] = lambda _: None
        """Called with each address that a request goes to, before it goes."""
        self.on_repeated: Callable[[Peer, Address, int], None] = lambda *_: None
        """Called with each request that goes to a peer which has not answered: where, which sending."""
        self.on_ended: Callable[[Pending, Outcome], None] | None = None
        """Called with each request that has come to its end, while somebody wants to know."""

    def __len__(self) -> int:
        return len(self._pending)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return self._ended.sizes()

    async def ask(
        self,
        contact: Contact,
        op: Op,
        body: list[Any],
        *,
        proven_only: bool,
        sends_max: int | None,
        tentative: bool = False,
        first_max_s: float | None = None,
        wanted: Callable[[], bool] | None = None,
    ) -> Fields:
        """Send a request and wait for its answer; see ``Rpc.request``."""
        request_id = self._rng.getrandbits(64)
        message = encode_request(request_id, op, body)
        if len(message) > REQUEST_MAX:
            raise LocalProtocolError(f"a {op.name} of {len(message)} bytes does not fit a datagram")
        peer = self._peers.obtain(contact.public_key, self._clock.monotonic())
        pending = Pending(
            request_id=request_id,
            op=op,
            message=message,
            contact=contact,
            peer=peer,
            sends_max=sends_max or self._config.sends_max,
            proven_only=proven_only,
            tentative=tentative,
            first_max_s=first_max_s,
            wanted=wanted,
            outcome=self._loop.create_future(),
            span=current(),
        )
        self._admit(pending)
        try:
            outcome = await pending.outcome
        finally:
            self._release(pending)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def matches(self, peer: Peer, message: WireMessage) -> bool:
        """Whether ``message`` answers a request that is in flight to ``peer``."""
        return message.request_id in peer.inflight

    def answered(self, peer: Peer, message: WireMessage, source: Address, got_token: bool) -> None:
        """An answer of ``peer`` came; ``got_token``: with a token that we may try again with."""
        pending = peer.inflight.get(message.request_id)
        if pending is None:
            known = self._ended.answered(message.request_id, peer, self._clock.monotonic())
            self._counters["answers.late" if known else "rejected.unasked"] += 1
            return
        now = self._clock.monotonic()
        elapsed_s = now - pending.started_at
        if pending.op in UNTIMED_OPS:
            pass  # it waited for company or for a third: it says nothing of the path
        elif pending.sends == 1:
            self._rtos.sample(peer.public_key, peer.rto, elapsed_s, pending.first_s)
        elif self._tells(pending) and pending.first_max_s is None:
            peer.rto.backed_off_s = self._rtos.after_s(pending.first_s, pending.sends)
        peer.timeouts = peer.hellos = 0
        if source in pending.sent_to:
            self._peers.prove(peer, source, now)
        if (
            message.code == Status.UNPROVEN
            and got_token
            and pending.still_wanted
            and self._tries_again(pending)
        ):
            return
        pending.answered_s = elapsed_s
        outcome = message.body if message.code == Status.OK else Refused(message.code, message.body)
        self._settle(pending, outcome)
        address = source if peer.proven_at(source, now) else pending.contact.address
        contact = Contact(peer.public_key, *address, pending.contact.public)
        self.on_answered(pending, contact, elapsed_s, message)

    def _tries_again(self, pending: Pending) -> bool:
        """Whether this is not the last word: a sending without the token that has come was refused."""
        if not pending.retried_with_token:
            pending.retried_with_token = True
            pending.tokenless = pending.sends
            self._transmit(pending)
        pending.tokenless -= 1
        return pending.tokenless >= 0

    def resend(self, peer: Peer) -> None:
        """Send once more, out of turn, what waits for an answer of ``peer``: only now will it be let in."""
        for pending in list(peer.inflight.values()):
            if not pending.resent and pending.still_wanted:
                pending.resent = True
                self._transmit(pending)

    def close(self) -> None:
        """End all requests with ``RpcTimeout``."""
        for pending in list(self._pending.values()):
            pending.peer.queued.pop(pending.request_id, None)  # nothing starts in its place
        for pending in list(self._pending.values()):
            self._settle(pending, RpcTimeout("the node stopped"))

    def _admit(self, pending: Pending) -> None:
        peer = pending.peer
        if pending.span is not None:
            pending.span.enter(QUEUE)
        if len(peer.inflight) < self._config.inflight_per_peer_max:
            self._pending[pending.request_id] = pending
            self._start(pending)
        elif len(peer.queued) < self._config.queued_per_peer_max:
            self._pending[pending.request_id] = pending
            peer.queued[pending.request_id] = pending
        else:
            self._counters["backpressure"] += 1
            pending.waits(None)
            raise Backpressure(f"{len(peer.queued)} requests to {pending.contact} wait already")

    def _start(self, pending: Pending) -> None:
        if not pending.still_wanted:
            # Taken out first: whoever starts what waits goes on with the next one, and not from in here.
            del self._pending[pending.request_id]
            pending.waits(None)
            self._settle(pending, Withdrawn(f"{pending.op.name} to {pending.contact}"))
            return
        pending.peer.inflight[pending.request_id] = pending
        rtos, rto = self._rtos, pending.peer.rto
        pending.first_s = rtos.measured_s(rto) if pending.tentative else rtos.first_s(rto)
        if pending.first_max_s is not None:
            # Never shorter than the path takes: what came back in time would be given up unheard.
            least_s = rtos.measured_s(rto) if rto.srtt_s is not None else 0.0
            pending.first_s = min(pending.first_s, max(pending.first_max_s, least_s))
        pending.started_at = self._clock.monotonic()
        pending.waits(NETWORK)
        self._transmit(pending)

    def _transmit(self, pending: Pending) -> None:
        if pending.timer is not None:
            pending.timer.cancel()
        address = self._destination(pending)
        pending.sends += 1
        pending.sent_s = self._clock.monotonic()
        if address is None:
            self._counters["held.unproven"] += 1
        else:
            if address not in pending.sent_to:
                pending.sent_to.append(address)
                self.on_dialled(address)
            self._counters[_COUNTED[pending.op.value] if pending.sends == 1 else "retransmitted"] += 1
            self._outgoing.post(pending.peer, address, pending.message)
            if pending.span is not None:
                pending.span.sent_s = pending.sent_s
            if pending.sends > 1 or pending.peer.timeouts:
                self.on_repeated(pending.peer, address, pending.sends)
        wait_s = self._rtos.after_s(pending.first_s, pending.sends)
        due = self._loop.time() + wait_s
        pending.timer = self._loop.call_at(due, self._overdue, pending, due)

    def _destination(self, pending: Pending) -> Address | None:
        """The proven address; when that stays silent, by turns the one that the caller believes in."""
        peer = pending.peer
        proven = peer.proven_address(self._clock.monotonic())
        if pending.proven_only or proven == pending.contact.address:
            return proven
        if proven is None:
            return pending.contact.address
        turn = pending.sends // 2 + (1 if peer.timeouts else 0)
        return pending.contact.address if turn % 2 else proven

    def _overdue(self, pending: Pending, due: float) -> None:
        self._rtos.late(self._loop.time() - due)
        if pending.span is not None:
            pending.span.was_in_vain(self._clock.monotonic() - pending.sent_s)
        if pending.sends < pending.sends_max:
            if pending.still_wanted:
                self._transmit(pending)
            else:
                self._settle(pending, Withdrawn(f"{pending.op.name} to {pending.contact}"))
            return
        peer = pending.peer
        peer.timeouts += 1
        if not pending.tentative and pending.first_max_s is None:
            # A path that has become slower than all we wait for would else never be measured again.
            peer.rto.backed_off_s = self._rtos.after_s(pending.first_s, 2)
        self._counters["timeouts"] += 1
        self._settle(pending, RpcTimeout(f"{pending.op.name} to {pending.contact}"))
        if not pending.tentative:
            self.on_timeout(pending.contact)

    @staticmethod
    def _tells(pending: Pending) -> bool:
        """Whether an answer to it says something of the path, also when it comes late."""
        return pending.op not in UNTIMED_OPS and not pending.retried_with_token and not pending.resent

    def _settle(self, pending: Pending, outcome: Outcome) -> None:
        if not pending.outcome.done():
            # An exception travels as a value: nobody may be left to retrieve it.
            pending.outcome.set_result(outcome)
            if self.on_ended is not None:
                self.on_ended(pending, outcome)
        self._release(pending)

    def _release(self, pending: Pending) -> None:
        """Take ``pending`` out of wherever it is; the next of its peer's queue may start."""
        if self._pending.pop(pending.request_id, None) is None:
            return
        pending.waits(None)
        if pending.timer is not None:
            pending.timer.cancel()
        peer = pending.peer
        peer.queued.pop(pending.request_id, None)
        if peer.inflight.pop(pending.request_id, None) is not None and self._tells(pending):
            self._ended.note(pending.request_id, peer, pending.started_at, pending.sends, pending.answered_s)
        while peer.queued and len(peer.inflight) < self._config.inflight_per_peer_max:
            self._start(peer.queued.popitem(last=False)[1])
