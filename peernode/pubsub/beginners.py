"""``Beginners``: at whose request this node has begun to store channels, by address.

Keys and channel names are free, addresses are not. Invariants: from half of the places on, nobody has one
more begun whose address prefix has begun an eighth of them; loopback is exempt; who asks is counted, be it an
initiator that hands a channel on; no more channels are counted than are stored. A restart forgets the counts.
"""

from __future__ import annotations

from collections import Counter

from peernode.channel.leasetable import PARTS, SHARE_MIN
from peernode.environment import prefix_of
from peernode.wire.contact import Contact


class Beginners:
    """Channel ids by the prefix that began them, and how many these are."""

    def __init__(self) -> None:
        self._begun: dict[bytes, str] = {}
        self._counts: Counter[str] = Counter()

    def may(self, by: Contact, served: int, places: int) -> bool:
        """Whether a peer may have one more channel stored, where ``served`` of so many places are taken."""
        prefix = prefix_of(by.address)
        if prefix is None or 2 * served < places:
            return True
        return self._counts[prefix] < max(SHARE_MIN, places // PARTS)

    def began(self, channel_id: bytes, by: Contact) -> None:
        """A channel is stored because a peer asked."""
        prefix = prefix_of(by.address)
        if prefix is not None and channel_id not in self._begun:
            self._begun[channel_id] = prefix
            self._counts[prefix] += 1

    def ended(self, channel_id: bytes) -> None:
        """A channel is stored no more."""
        prefix = self._begun.pop(channel_id, None)
        if prefix is not None:
            self._counts[prefix] -= 1
            if not self._counts[prefix]:
                del self._counts[prefix]

    def __len__(self) -> int:
        return len(self._begun)
