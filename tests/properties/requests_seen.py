"""Every request that carries a message, noted where all of them leave a node.

What a trace tells is compared with this: it knows nothing of traces.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from peernode.channel.message import decode_message
from peernode.diagnostics.records import Attempt
from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.rpc.rpc import Rpc
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.properties.stage import began_s
from tests.pubsub.flock import Bird

Form = tuple[str, str, str, int, int]
"""Path, peer, reason, and when it began and ended, in ms."""

_request = Rpc.request


class RequestsSeen:
    """The requests of one story; ``request`` stands in front of ``Rpc.request``."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Counter[Form]] = {}

    @property
    def request(self) -> Callable[..., Coroutine[Any, Any, Fields]]:
        """Notes what carries a message when it has ended, and passes it on unchanged."""
        found = self._found

        async def request(rpc: Rpc, peer: Contact, op: Op, body: list[Any], **options: Any) -> Fields:
            carried = _carried(rpc, peer, op, body)
            if carried is None:
                return await _request(rpc, peer, op, body, **options)
            path, target, raw = carried
            clock = rpc._env.clock
            began = clock.monotonic()
            reason = "ok"
            try:
                return await _request(rpc, peer, op, body, **options)
            except (RpcTimeout, Backpressure, Refused) as error:
                reason = _reason(error, peer, path)
                raise
            except BaseException:
                path = ""
                raise
            finally:
                if path:
                    key = rpc.identity.node_id.hex(), decode_message(raw).digest.hex()
                    form = path, target, reason, round(began * 1000), round(clock.monotonic() * 1000)
                    found.setdefault(key, Counter())[form] += 1

        return request

    def of(self, bird: Bird, digest: str) -> Counter[Form]:
        """What a node has sent of a message."""
        return self._found.get((bird.node.node_id, digest), Counter())

    @staticmethod
    def form(attempt: Attempt) -> Form:
        """An attempt of a trace in the same form."""
        path = attempt.method if attempt.method in ("publish", "relay") else "push"
        times = round(began_s(attempt) * 1000), round(attempt.at_s * 1000)
        return path, attempt.peer, attempt.outcome, *times


def _carried(rpc: Rpc, peer: Contact, op: Op, body: list[Any]) -> tuple[str, str, bytes] | None:
    if op is Op.PUBLISH:
        return "publish", peer.id.hex(), body[0]
    if op is Op.PUSH:
        return "push", peer.id.hex(), body[1]
    if op is Op.RELAY and body[2] == rpc.identity.public_key and body[4] == Op.PUSH:
        return "relay", body[1].hex(), body[5][1]
    return None


def _reason(error: Exception, via: Contact, path: str) -> str:
    if path == "relay":
        return f"{type(error).__name__} by {via.id.hex()[:8]}"
    if isinstance(error, Refused):
        return Status(error.status).name
    return "timeout" if isinstance(error, RpcTimeout) else "backpressure"
