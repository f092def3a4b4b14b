"""No fork: an honest author never signs two messages under one channel, instance and number.

Looked for on every disk and over the whole run, across crashes and restored backups too.
"""

from __future__ import annotations

from peernode.simulation.evidence import Evidence

NAME = "no_fork"


def violations(evidence: Evidence) -> list[str]:
    """Each second message under one number."""
    return list(evidence.forks)
