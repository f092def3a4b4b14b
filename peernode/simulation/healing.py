"""How a network came together again after its last partition or frozen process, by what was seen of it.

Invariant: each figure is None where there was nothing to heal, or where it did not heal.
"""

from __future__ import annotations

from peernode.simulation.evidence import Evidence


def healing(evidence: Evidence) -> dict[str, float | None]:
    """``healed_s``, ``verified_share`` and ``equal_s``."""
    ended_s = max((cut.to_s for cut in evidence.cuts if cut.to_s is not None), default=None)
    if ended_s is None:
        return {"healed_s": None, "verified_share": None, "equal_s": None}
    return {
        "healed_s": _healed_s(evidence, ended_s),
        "verified_share": _verified_share(evidence, ended_s),
        "equal_s": _equal_s(evidence, ended_s),
    }


def _members(evidence: Evidence, ended_s: float) -> list[tuple[int, str]]:
    """Who had joined when it was over and runs at the end."""
    return [
        (joining.node, joining.channel)
        for joining in evidence.joinings.values()
        if joining.joined_at_s is not None
        and joining.joined_at_s <= ended_s
        and not evidence.is_gone(joining.node)
    ]


def _healed_s(evidence: Evidence, ended_s: float) -> float | None:
    """How long it took until each member had every acknowledged message that was sent before the end."""
    last_s = 0.0
    members = _members(evidence, ended_s)
    for sending in evidence.acknowledged():
        if sending.asked_at_s > ended_s:
            continue
        copies = evidence.copies.get(sending.id, {})
        for node, channel in members:
            if channel != sending.channel:
                continue
            copy = copies.get(node)
            if copy is None or copy.since_s == float("inf"):
                return None
            last_s = max(last_s, copy.since_s - ended_s)
    return round(last_s, 3)


def _equal_s(evidence: Evidence, ended_s: float) -> float | None:
    """How long it took until the logs of every channel were seen to be equal at all of its members."""
    channels = dict.fromkeys(channel for _, channel in _members(evidence, ended_s))
    alike = [evidence.alike_s.get((channel, ended_s)) for channel in channels]
    seen = [at_s - ended_s for at_s in alike if at_s is not None]
    return round(max(seen), 3) if alike and len(seen) == len(alike) else None


def _verified_share(evidence: Evidence, ended_s: float) -> float | None:
    """The members that have told since of a recovery which was proven both ways."""
    members = _members(evidence, ended_s)
    verified = sum(1 for member in members if evidence.recovered_s.get(member, -1.0) >= ended_s)
    return verified / len(members) if members else None
