"""``Reading``: how far the person behind this node has read each channel.

Kept by the node and not by a page, so that all of a person's pages agree. Invariants: a mark never goes
back; what came since is counted from the store, so it survives whatever the pages forget; a count stops at
``UNREAD_MAX``, which says "so many or more".
"""

from __future__ import annotations

from peernode.channel.message import ORDER_KEY_BYTES
from peernode.errors import PeerNodeError
from peernode.events import ReadState
from peernode.pubsub.chosen import ChosenPeople
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.store.base import PutMeta

UNREAD_MAX = 100
"""Messages that are counted; a person reads "99+" and looks for himself."""

PAGES_MAX = 10
"""Pages of so many that are looked through for them; what only comes behind those is not counted."""


def mention_of(node_id: str) -> str:
    """How a text names a person: by node id, because names are not unique."""
    return f"<@{node_id}>"


class Reading:
    """The marks of all channels."""

    def __init__(self, context: Context, blocked: ChosenPeople) -> None:
        self._context = context
        self._blocked = blocked

    async def mark(self, replica: Replica, upto: bytes) -> ReadState:
        """Everything up to the order key was read; ``BAD_FRAME`` for what is none, or as ``commit``."""
        if len(upto) != ORDER_KEY_BYTES:
            raise PeerNodeError("BAD_FRAME", reason=f"An order key has {ORDER_KEY_BYTES} bytes.")
        if upto > self._mark(replica):
            await self._context.commit(PutMeta(_key(replica), upto))
        return self.state(replica)

    def state(self, replica: Replica) -> ReadState:
        """How far, and how many of others' messages came since; with no mark yet nothing is unread."""
        mark = self._mark(replica)
        if not mark:
            return ReadState(replica.name, "", 0, 0)
        mention = mention_of(self._context.identity.node_id.hex())
        blocked = frozenset(self._blocked.all())
        unread = mentions = 0
        before: bytes | None = None
        for _ in range(PAGES_MAX):  # who is blocked hides nobody else, however much he says
            page = replica.timeline.page(before, UNREAD_MAX, after=mark)
            for message in reversed(page):
                if unread < UNREAD_MAX and not message.own and not message.deleted:
                    counts = message.author not in blocked
                    unread += counts
                    mentions += counts and mention in message.text
            if unread >= UNREAD_MAX or len(page) < UNREAD_MAX:
                break
            before = bytes.fromhex(page[0].order)
        return ReadState(replica.name, mark.hex(), unread, mentions)

    def _mark(self, replica: Replica) -> bytes:
        return self._context.store.meta(_key(replica)) or b""


def _key(replica: Replica) -> str:
    return f"read {replica.channel_id.hex()}"
