"""Which paths of the engine a run took, under names that stay: counted from the nodes' own counters.

A node's counters are added up whenever it goes down and at the end of the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

PATHS: dict[str, tuple[str, ...]] = {
    "path retransmission": ("retransmitted",),
    "path request timeout": ("timeouts",),
    "path duplicate request": ("duplicates",),
    "path BUSY or backpressure": ("busy", "backpressure"),
    "path direct push": ("attempt.direct.ok",),
    "path initiator push": ("attempt.initiator.ok",),
    "path alternative push": ("attempt.alternative.ok",),
    "path push spared by names": ("delivery.spared_by_names",),
    "path fate read back": ("fates.read",),
    "path relay": ("relay.passed_on",),
    "path relay push": ("attempt.relay.ok",),
    "path push retried": ("delivery.retried",),
    "path left to the renewal": ("delivery.left_to_renewal",),
    "path pull": ("attempt.pull.ok",),
    "path lost": ("reach.lost",),
    "path regained": ("reach.regained",),
    "path asymmetric": ("reach.asymmetric",),
    "path push failed": ("attempt.direct.failed", "attempt.initiator.failed", "attempt.alternative.failed"),
    "path publish retried": ("attempt.publish.failed",),
    "path publish without quorum": ("publish.failed",),
    "path gap pull": ("sync.gap",),
    "path gap shown": ("timeline.gap_shown",),
    "path catch-up": ("sync.ok",),
    "path catch-up failed": ("sync.failed",),
    "path merge": ("sync.merged",),
    "path hand-off": ("storage.became_initiator",),
    "path recovery": ("recovery.ok",),
    "path recovery retried": ("recovery.attempt.failed",),
    "path copy held": ("retention.begun",),
    "path copy let go": ("retention.let_go",),
    "path initiator set differs": ("publish.set_differs",),
    "path published to the union": ("publish.union",),
    "path set confirmed by initiators": ("coordinator.known.ok",),
    "path set found by participants": ("coordinator.participants.ok",),
    "path set changed": ("coordinator.set_changed",),
    "path set overtaken": ("coordinator.overtaken",),
    "path coordinator recovering": ("coordinator.recovering",),
    "path coordinator recovered": ("coordinator.recovered",),
    "path served for the silent": ("storage.served_for_the_silent",),
    "path new instance": ("streams.begun",),
    "path join retried": ("join.attempt.failed",),
    "path join hurried": ("join.hurried",),
    "path echo brought back itself": ("echo.itself",),
    "path publish before it is stored": ("publish.not_stored_yet",),
    "path renewal": ("renewal.ok",),
    "path renewal failed": ("renewal.failed",),
    "path renewal together": ("renewal.batched",),
    "path renewal fell back": ("renewal.fell_back",),
    "path stale lease refused": ("lease.stale",),
    "path damaged row repaired": ("repair.ok",),
    "path bootstrap failover": ("bootstrap.failed_over",),
    "path redial": ("bootstrap.redialled",),
    "path vouched for": ("probe.vouched",),
    "path probe failed": ("probe.failed",),
    "path awake again": ("overlay.slept",),
    "path lookup cut off": ("lookup.cut_off",),
    "path dialled back": ("dialback.public",),
    "path introduced": ("lookup.introduced",),
    "path amplification held": ("held.amplification",),
    "path write put off": ("save.PeerNodeError", "save.Backpressure", "peer_cache.unsaved"),
}
"""Name in ``coverage`` -> the counters that it is the sum of."""


def taken(*counters: Mapping[str, int]) -> Counter[str]:
    """The paths that these counters speak of, the taken ones only."""
    paths: Counter[str] = Counter()
    for path, names in PATHS.items():
        count = sum(counter.get(name, 0) for counter in counters for name in names)
        if count:
            paths[path] = count
    return paths
