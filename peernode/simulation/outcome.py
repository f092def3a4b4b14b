"""What people came to see in a run, as one digest: two runs with the same one went the same for everybody.

Idea: a fault is worth something only if it changes what somebody sees. So what counts here are states,
claims, who was shown what in which life, and joins; moments of time, delays and traffic do not.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from peernode.simulation.evidence import Evidence


def outcome(evidence: Evidence) -> str:
    """The digest of everything that people saw."""
    said = json.dumps(_seen(evidence), sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def _seen(evidence: Evidence) -> dict[str, object]:
    sent = {
        sending.id: [
            sending.state,
            sending.error,
            sending.accepted_at_s is not None,
            [[claim.state, claim.stored, claim.initiators, claim.delivered] for claim in sending.claims],
        ]
        for sending in evidence.sendings.values()
    }
    shown = Counter(f"{item.node} {item.life} {item.id} {item.history}" for item in evidence.sightings)
    return {
        "sent": sent,
        "shown": shown,
        "at the end": {
            f"{node} {channel}": [message.id for message in messages]
            for (node, channel), messages in evidence.finals.items()
        },
        "joined": {
            f"{node} {channel}": [joining.joined_at_s is not None, joining.error]
            for (node, channel), joining in evidence.joinings.items()
        },
        "joins tried again": evidence.coverage.get("path join retried", 0),
    }
