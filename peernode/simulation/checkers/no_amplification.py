"""No amplification: until an address has proven itself, a node sends it at most 3 x what it had from there.

Beside that only the stated allowance; judged by what the network carried, see ``observation.wire``.
"""

from __future__ import annotations

from peernode.simulation.evidence import Evidence

NAME = "no_amplification"


def violations(evidence: Evidence) -> list[str]:
    """Each offending datagram."""
    return list(evidence.amplifications)
