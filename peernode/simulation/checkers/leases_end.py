"""Leases end, and don't end before their time.

No push goes to a node later than a lease's time and ``GRACE_S`` after the last moment at which it can
have renewed; and no live subscriber, in touch with the initiators, is without a lease at any of them for
two renewals.
"""

from __future__ import annotations

from peernode.simulation.evidence import Evidence

NAME = "leases_end"

LEASE_S = 60.0
GRACE_S = 5.0
TWO_RENEWALS_S = 48.0
"""Renewals are 20 s apart, give or take a fifth."""


def violations(evidence: Evidence) -> list[str]:
    """Pushes that came too late, and subscribers that nobody served."""
    found = [
        f"node {push.by} pushed {push.message} to node {push.to} at {push.at_s:.3f} s, which could renew no "
        f"lease there since {push.away_s:.3f} s"
        for push in evidence.late_pushes
        if push.at_s - push.away_s > LEASE_S + GRACE_S
    ]
    found += [
        f"node {span.node} was in {span.channel} from {span.from_s:.3f} to {span.to_s:.3f} s with a lease at "
        "none of its initiators"
        for span in evidence.unserved
        if span.to_s - span.from_s > TWO_RENEWALS_S
    ]
    return found
