"""``python -m e2e.forger``: a headless node that joins its channel and contradicts itself there.

Takes what ``python -m peernode`` takes. It signs two messages under one number, as no honest program does.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from peernode.channel.kinds import Kind
from peernode.channel.message import ZERO_PREV, sign_message
from peernode.cli import Headless, parser
from peernode.events import Event, Joined
from peernode.node import PeerNode
from peernode.wire.ops import Op

TEXTS = ("I pay on Monday", "I have paid already")


class Forger(Headless):
    """The node, which brings its two messages to everybody that stores the channel once it has joined."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self._joined = asyncio.Event()

    def heard(self, event: Event) -> None:
        super().heard(event)
        if isinstance(event, Joined):
            self._joined.set()

    async def join(self, node: PeerNode) -> None:
        await super().join(node)
        await self._joined.wait()
        (channel,) = node.channels()
        replica, context = node._pubsub.storage.member(channel), node._context
        assert replica.initiators is not None
        for number, text in enumerate(TEXTS):
            message = sign_message(
                context.identity,
                channel_id=replica.channel_id,
                instance=b"instance",
                seq=1,
                prev=ZERO_PREV,
                id=(context.wall_ms() + number).to_bytes(6, "big") + b"\x70\x00\x80" + bytes(7),
                hlc=(context.wall_ms() + number) << 16,
                kind=Kind.TEXT,
                body=text.encode(),
            )
            for contact in replica.initiators.others(context.identity.public_key):
                await context.rpc.request(contact, Op.PUBLISH, [message.raw], prove=True)


async def main() -> int:
    """The program; its exit status."""
    return await Forger(parser().parse_args()).run()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
