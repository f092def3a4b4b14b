"""``LogRoots``: whether the initiators hold the same log, not only equally many messages.

Each names the root of its log, which covers floors, gaps and forks too. Logs of equal count and different
roots lack different messages; anti-entropy (protocol, section 10) makes them equal within its rounds, so only
what lasts is told. Compared are those that have taken nothing lately (``recent``) and need not expire.

Invariants: what differs is told only when the very same roots were seen ``LASTS_S`` apart, and nothing else
between; ``CHANNELS_MAX`` channels at most are remembered, the one looked at longest ago goes first.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable

from peernode.pubsub.vitals import Vitals

LASTS_S = 45.0
"""Three rounds of anti-entropy, which come every ``sync_s``."""

CHANNELS_MAX = 1024

Roots = frozenset[tuple[int, bytes]]


class LogRoots:
    """See the module."""

    def __init__(self) -> None:
        self._apart: OrderedDict[bytes, tuple[float, Roots]] = OrderedDict()
        """Channel id -> since when these roots, of equal counts, differ."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"logs_apart": (len(self._apart), CHANNELS_MAX)}

    def apart(self, channel_id: bytes, told: Iterable[Vitals], now_s: float) -> int:
        """How many initiators hold equally many messages as the most do, and have held others for long."""
        still = [each for each in told if not each.recent and not each.expires]
        counts = Counter(each.messages for each in still)
        common = max(counts, key=lambda messages: (counts[messages], messages), default=0)
        roots = Counter(each.root for each in still if each.messages == common)
        since_s, before = self._apart.pop(channel_id, (now_s, frozenset()))
        if len(roots) < 2:
            return 0
        seen = frozenset((common, root) for root in roots)
        since_s = since_s if seen == before else now_s
        self._apart[channel_id] = (since_s, seen)
        if len(self._apart) > CHANNELS_MAX:
            self._apart.popitem(last=False)
        return roots.total() - max(roots.values()) if now_s - since_s >= LASTS_S else 0
