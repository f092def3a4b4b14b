"""``PrefixShares``: at whose request this node has taken up what has a bound, by address.

Keys and channel names are free, addresses are not. Invariants: from half of the places on, nobody has one
more taken up whose address prefix has an eighth of them; loopback is exempt; who asks is counted, be it an
initiator that hands a channel on; no more is counted than is taken up. A restart forgets the counts.
"""

from __future__ import annotations

from collections import Counter
from typing import Generic, TypeVar

from peernode.channel.leasetable import PARTS, SHARE_MIN
from peernode.environment import prefix_of
from peernode.wire.contact import Contact

Key = TypeVar("Key")


class PrefixShares(Generic[Key]):
    """What was taken up by the prefix that asked for it, and how many these are."""

    def __init__(self) -> None:
        self._taken: dict[Key, str] = {}
        self._counts: Counter[str] = Counter()

    def may(self, by: Contact, taken: int, places: int) -> bool:
        """Whether a peer may have one more of so many places, of which ``taken`` are taken."""
        if taken >= places:
            return False
        prefix = prefix_of(by.address)
        if prefix is None or 2 * taken < places:
            return True
        return self._counts[prefix] < max(SHARE_MIN, places // PARTS)

    def took(self, key: Key, by: Contact) -> bool:
        """A place is taken, or about to be, because a peer asked; false: it is counted already, or exempt."""
        prefix = prefix_of(by.address)
        if prefix is None or key in self._taken:
            return False
        self._taken[key] = prefix
        self._counts[prefix] += 1
        return True

    def gave_back(self, key: Key) -> None:
        """The place is free again."""
        prefix = self._taken.pop(key, None)
        if prefix is not None:
            self._counts[prefix] -= 1
            if not self._counts[prefix]:
                del self._counts[prefix]

    def __len__(self) -> int:
        return len(self._taken)
