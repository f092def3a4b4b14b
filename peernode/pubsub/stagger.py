"""``stagger_s``: how long an initiator waits for those who rank before it, until it pushes in their place."""

from __future__ import annotations

from peernode.pubsub.context import Context

STAGGER_RTOS = 1.5
"""The stagger lasts at least so many retransmission timeouts, the median of this node's peers."""

STAGGER_RTOS_LARGE = 2.5
"""The same in a large channel: there an ack comes from the other initiators, one batch later."""


def stagger_s(context: Context, subscribers: int) -> float:
    """How long the next rank waits for the one before it, in a channel of so many."""
    small = subscribers < 10
    # On a slow path or a busy machine acks take longer; pushing over their heads makes it worse.
    rtos = STAGGER_RTOS if small else STAGGER_RTOS_LARGE
    patience_s = rtos * context.rpc.median_rto_s()
    return max(context.config.push_stagger_small_s if small else context.config.push_stagger_s, patience_s)
